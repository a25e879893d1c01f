// Into the virtual AMM and out: deposit, request, cooldown, window.

import { connect, expectText, journey, send } from "../browser.mjs";

await journey(async ({ open, ask, assert }) => {
    const { page, wallet } = await open({ account: 5, path: "#/perps/ETH-PERP" });
    await connect(page);
    const card = page.getByTestId("liquidity");
    await card.getByTestId("amount").fill("10000");
    await card.getByRole("button", { name: "Approve and deposit" }).waitFor();
    await expectText(page, "stake-after", /9,\d{3}|10,000/);
    await send(page);
    const { shares } = await ask("lp_shares", wallet.address);
    assert.ok(BigInt(shares) > 0n);
    await expectText(page, "lp-share", /USDC/);

    await card.getByText("Leave", { exact: true }).click();
    await card.getByTestId("amount").fill("4000");
    await send(page);
    await card.getByTestId("exit-cooling").waitFor();
    const asked = await ask("lp_shares", wallet.address);
    assert.ok(BigInt(asked.leaving) > 0n && BigInt(asked.leaving) < BigInt(shares));

    await ask("warp", 7 * 86_400 + 60);
    await ask("refresh_feeds");
    await card.getByTestId("exit-open").waitFor();
    await expectText(page, "received", /3,9\d\d|4,0\d\d/);
    await send(page);
    assert.equal(
        BigInt((await ask("lp_shares", wallet.address)).shares),
        BigInt(shares) - BigInt(asked.leaving),
    );
});
