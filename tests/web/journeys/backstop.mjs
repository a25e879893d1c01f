// A staker stakes, asks to leave, waits for the window, and leaves in it.

import { connect, expectText, journey, send } from "../browser.mjs";

const WEEK = 7 * 86_400;

await journey(async ({ open, ask, assert }) => {
    const { page, wallet } = await open({ account: 3, path: "#/lend/backstop" });
    await connect(page);
    await send(page, { amount: "1000" });
    await expectText(page, "you-stake", "$1,000.00");

    await page.getByTestId("tab-leave").check({ force: true });
    await page.getByTestId("exit-none").waitFor();
    await page.getByRole("button", { name: /use all of it/ }).click();
    await send(page);
    await page.getByTestId("exit-cooling").waitFor();

    await ask("warp", WEEK + 60);
    await page.getByTestId("exit-open").waitFor();
    await expectText(page, "received", "1,000 USDC");
    await send(page);
    await expectText(page, "you-stake", "$0.00");
    assert.equal(await ask("staked", wallet.address), "0");
});
