// A long at the virtual AMM with margin from the wallet: previewed, shown with its liquidation price, settled, closed.

import { connect, expectText, journey } from "../browser.mjs";
import { act, dollars, text } from "../trading.mjs";

const near = (a, b, share) => Math.abs(a - b) <= Math.abs(b) * share;

await journey(async ({ open, ask, assert }) => {
    const { page, wallet } = await open({ account: 2, path: "#/perps/ETH-PERP" });
    await page.getByText("Connect one to trade.").waitFor();
    await connect(page);
    await page.getByText("No position in ETH-PERP").waitFor();

    // More than the margin bears is refused by simulation, before any signature.
    await page.getByTestId("size").fill("10");
    await page.getByTestId("margin").fill("500");
    await page.getByTestId("ticket").locator(".note-danger").waitFor();
    assert.equal(await page.getByTestId("trade").isDisabled(), true);
    assert.equal(wallet.asked.includes("eth_signTypedData_v4"), false);

    await page.getByTestId("margin").fill("5000");
    await expectText(page, "fee", /\$10\.\d\d · 0\.05%/);
    await expectText(page, "liquidation-ETH", /→/);
    const promised = dollars(await text(page, "liquidation-ETH"));
    await expectText(page, "margin-after", /→\s*\$3,\d\d\d/);
    await act(page, "trade");

    await expectText(page, "size-now", "Long 10 ETH");
    const held = await ask("perp_position", wallet.address);
    assert.equal(held.size, String(10n * 10n ** 18n));
    assert.ok(near(Number(held.below) / 1e18, promised, 0.01), `${held.below} was promised as ${promised}`);
    await expectText(page, "liquidation", /below \$1,\d\d\d/);
    const shown = (await text(page, "liquidation")).match(/below \$[\d.,]+/)[0];
    assert.ok(near(dollars(shown), promised, 0.01), shown);
    const entry = (await text(page, "entry")).split("mark")[0];
    assert.ok(near(dollars(entry), Number(held.entry) / 1e18, 0.001), entry);
    await expectText(page, "trade-list", "yours");

    // The index rises: profit, which is not settled yet; settling pays what losers have paid.
    await ask("set_price", "ETH", 2050);
    await expectText(page, "pnl", /^Profit at the mark\s*\$\d/);
    await page.getByTestId("tab-settle").check({ force: true });
    await page.getByTestId("paid").waitFor();
    await act(page, "settle");

    await page.getByTestId("tab-close").check({ force: true });
    await page.getByTestId("part").fill("50");
    await page.getByRole("button", { name: "Close 50%" }).waitFor();
    await act(page, "close");
    await expectText(page, "size-now", "Long 5 ETH");
    await page.getByTestId("tab-close").check({ force: true });
    await page.getByRole("button", { name: "Close the position" }).waitFor();
    await act(page, "close");
    await page.waitForFunction(() => !document.body.innerText.includes("Long 5 ETH"));
    assert.equal((await ask("perp_position", wallet.address)).size, "0");
    await ask("set_price", "ETH", 2000);
});
