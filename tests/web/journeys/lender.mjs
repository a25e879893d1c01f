// A lender supplies, sees it without reloading, and takes all of it back.

import { connect, expectText, journey, send } from "../browser.mjs";

await journey(async ({ open, ask, assert }) => {
    const { page, wallet } = await open({ account: 2, path: "#/lend/USDC" });
    await connect(page);
    await expectText(page, "you-lend", "$0.00");

    // What cannot be is said at the field, before anything is sent.
    await page.getByTestId("amount").fill("1e9");
    await page.getByText("Enter a number like 1,250.5").waitFor();
    await page.getByTestId("amount").fill("999,999,999");
    await page.getByText(/The wallet holds/).waitFor();
    await page.getByTestId("amount").fill("0.0000001");
    await page.getByText("At most 6 decimal places").waitFor();
    assert.equal(await page.getByTestId("act").isDisabled(), true);

    await page.getByTestId("amount").fill("12,500.5");
    await page.getByTestId("shares").waitFor();
    assert.equal(await page.getByTestId("act").innerText(), "Approve and deposit");
    await send(page);
    await expectText(page, "lent-USDC", /^12,500\.(50|5)|12,500\.49/);
    const lent = BigInt(await ask("lent", "USDC", wallet.address));
    assert.ok(lent >= 12_500_499_999n, `lent ${lent}`);
    assert.equal(wallet.asked.filter((method) => method === "eth_sendTransaction").length, 2);

    await page.getByTestId("tab-withdraw").check({ force: true });
    await page.getByRole("button", { name: /use all of it/ }).click();
    await send(page);
    await expectText(page, "you-lend", "$0.00");
    assert.equal(await ask("shares", "USDC", wallet.address), "0");
});
