// Into the virtual AMM and out: deposit, request, cooldown, window.

import { connect, expectText, journey } from "../browser.mjs";

await journey(async ({ open, ask, assert }) => {
    const { page, wallet } = await open({ account: 5, path: "#/perps/ETH-PERP" });
    await connect(page);
    const card = page.getByTestId("liquidity");
    const act = async () => {
        await card.getByTestId("gas").waitFor();
        await card.locator('[data-testid="act"]:enabled').click();
        await page.getByTestId("toast-done").last().waitFor();
        await page.waitForFunction(() => !document.querySelector('[data-testid="toast-pending"]'));
        for (const toast of await page.getByTestId("toast-done").all()) {
            await toast.getByRole("button", { name: "Dismiss" }).click();
        }
    };
    await card.getByTestId("amount").fill("10000");
    await card.getByRole("button", { name: "Approve and deposit" }).waitFor();
    await expectText(page, "stake-after", /9,\d{3}|10,000/);
    await act();
    const { shares } = await ask("lp_shares", wallet.address);
    assert.ok(BigInt(shares) > 0n);
    await expectText(page, "lp-share", /USDC/);

    await card.getByTestId("tab-leave").check({ force: true });
    await card.getByTestId("amount").fill("4000");
    await act();
    await card.getByTestId("exit-cooling").waitFor();
    const asked = await ask("lp_shares", wallet.address);
    assert.ok(BigInt(asked.leaving) > 0n && BigInt(asked.leaving) < BigInt(shares));

    await ask("warp", 7 * 86_400 + 60);
    await ask("set_price", "ETH", 2000);
    await card.getByTestId("exit-open").waitFor();
    await expectText(page, "received", /3,9\d\d|4,0\d\d/);
    await act();
    assert.equal(
        BigInt((await ask("lp_shares", wallet.address)).shares),
        BigInt(shares) - BigInt(asked.leaving),
    );
});
