// A gap: the account is shown insolvent, then flagged; a takeover empties the backstop, and lenders bear what is left.

import { expectText, journey } from "../browser.mjs";

const DEBTOR = 5;

await journey(async ({ open, ask, assert }) => {
    await ask("set_price", "ETH", 2_000);
    await ask("indebt", DEBTOR, "WETH", 1_000, "USDC", 1_300_000);
    const { page } = await open({ wallet: false, path: "#/liquidations" });
    const row = page.getByTestId("near-table").locator("tbody tr", { hasText: "1,000 WETH" });
    await ask("set_price", "ETH", 500);
    await row.getByText("Insolvent").waitFor();
    await ask("flag", DEBTOR);
    await row.getByText("Flagged").waitFor();
    await expectText(page, "flagged", /^\D*1/);

    assert.equal(await ask("take_over", DEBTOR, 300_000), String(10n ** 18n));
    const lines = page.getByTestId("history-table").locator("tbody tr");
    await lines.filter({ hasText: "100.0% taken over" }).waitFor();
    const writtenOff = Number(await ask("written_off", "USDC")) / 1e6;
    assert.ok(writtenOff > 100_000, `${writtenOff} was written off`);
    const whole = Math.floor(writtenOff).toLocaleString("en-US");
    await lines.filter({ hasText: "lenders bear it" }).getByText(`${whole}`).waitFor();
    await expectText(page, "backstop-level", /^\D*0/);
    await expectText(page, "flagged", /^\D*0/);
    await row.waitFor({ state: "detached" });
});
