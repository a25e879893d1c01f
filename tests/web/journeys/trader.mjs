// A leveraged trader: connects, opens a long of three times by the slider with margin by permit, sees health and
// liquidation price before and after, closes, and has the money back.

import { connect, expectText, journey } from "../browser.mjs";
import { act, dollars, health, text } from "../trading.mjs";

await journey(async ({ open, ask, assert }) => {
    const { page, wallet } = await open({ account: 1, path: "#/trade/long/WETH" });
    await page.getByTestId("price-card").locator("canvas").waitFor();
    await connect(page);
    const before = BigInt((await ask("wallet", wallet.address, "USDC")).balance);

    await page.getByTestId("margin").fill("99,999,999");
    await page.getByText(/The wallet holds 250,000/).waitFor();
    assert.equal(await page.getByTestId("open").isDisabled(), true);
    await page.getByTestId("margin").fill("10,000");
    const limit = await page.getByText(/^\d+\.\d× at most$/).innerText();
    assert.ok(Number.parseFloat(limit) > 4 && Number.parseFloat(limit) < 5, limit);

    // By keyboard: ten steps of a tenth.
    await page.getByTestId("leverage").focus();
    for (let step = 0; step < 10; step += 1) await page.keyboard.press("ArrowRight");
    await page.getByRole("button", { name: "Open 3.0× long WETH" }).waitFor();
    await expectText(page, "bought", /14\.9\d* WETH/);
    await expectText(page, "impact", /0\.\d\d%/);
    await expectText(page, "liquidation-ETH", /\$1,5\d\d\.\d\d/);
    const promised = {
        price: dollars(await text(page, "liquidation-ETH")),
        health: health(await text(page, "health-after")),
    };
    await act(page, "open");

    assert.deepEqual(
        wallet.asked.filter((method) => /^eth_(sign|send)/.test(method)),
        ["eth_signTypedData_v4", "eth_sendTransaction"],
        "one signature and one transaction",
    );
    const standing = await ask("standing", wallet.address);
    assert.equal(standing.balances.USDC.slice(0, 6), "-20000");
    assert.ok(
        Math.abs(Number(standing.prices.ETH[0]) / 1e18 - promised.price) < 0.02,
        JSON.stringify([standing, promised]),
    );
    assert.ok(
        Math.abs(Number(standing.health) / 1e18 - promised.health) < 0.02,
        JSON.stringify([standing, promised]),
    );
    await expectText(page, "health", promised.health.toFixed(2));
    await expectText(page, "positions", /below \$1,5/);

    // What is there does not grow by another click.
    await page.locator('[data-testid="open"]:disabled').waitFor();
    assert.equal(await page.getByTestId("gas").count(), 0);
    await page.getByRole("link", { name: "Close" }).click();
    await expectText(page, "home-USDC", /9,9\d\d\.\d+ USDC/);
    await act(page, "close");
    await page.getByText("No position to close").waitFor();
    assert.deepEqual((await ask("standing", wallet.address)).balances, {});
    const after = BigInt((await ask("wallet", wallet.address, "USDC")).balance);
    assert.ok(after < before && before - after < 60_000_000n, `${before} became ${after}`);
});
