// A liquidation seen live: the price falls, the account appears, a takeover stands in the history, without reloading.

import { expectText, journey } from "../browser.mjs";

const DEBTOR = 7;

await journey(async ({ open, ask, assert }) => {
    await ask("indebt", DEBTOR, "WETH", 10, "USDC", 14_000);
    const { page } = await open({ wallet: false, path: "#/liquidations" });
    await page.getByText("All accounts are well above").waitFor();
    await page.getByText("Nothing was taken over yet").waitFor();
    await page.evaluate(() => (window.keelNeverReloaded = true));

    await ask("set_price", "ETH", 1_650);
    const row = page.getByTestId("near-table").locator("tbody tr", { hasText: "10 WETH" });
    await row.waitFor();
    assert.equal(await row.getByText("May be taken over").count(), 0);
    await expectText(page, "below", /^\D*0/);

    await ask("set_price", "ETH", 1_550);
    await row.getByText("May be taken over").waitFor();
    await expectText(page, "below", /[1-9]/);

    const fraction = Number(await ask("take_over", DEBTOR)) / 1e18;
    const history = page.getByTestId("history-table").locator("tbody tr");
    await history.waitFor();
    const words = await history.innerText();
    const shown = Math.floor(fraction * 1_000) / 10;
    assert.match(words, new RegExp(`${shown.toFixed(1).replace(".", "\\.")}% taken over`));
    assert.match(words, /\$\d+\.\d\d/, "the premium in dollars");
    await expectText(page, "takeovers", "1");
    await row.getByText("May be taken over").waitFor({ state: "detached" });
    assert.equal(await page.evaluate(() => window.keelNeverReloaded), true);
});
