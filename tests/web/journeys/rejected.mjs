// A user who rejects in the wallet: told so, nothing was sent, the form is as it was; and a test account of the node.

import { dialogClosed, expectText, journey, send } from "../browser.mjs";

await journey(async ({ open, ask, assert, settings }) => {
    const { page, wallet } = await open({
        account: 5,
        legacy: true,
        reject: ["eth_sendTransaction"],
        path: "#/lend/DAI",
    });
    await page.getByRole("banner").getByRole("button", { name: "Connect" }).click();
    await page.getByTestId("wallet-window.ethereum").click();
    await dialogClosed(page);
    await page.getByTestId("amount").fill("250");
    await page.getByTestId("gas").waitFor();
    await page.locator('[data-testid="act"]:enabled').click();
    await expectText(page, "toast-failed", "You rejected it in the wallet; nothing was sent.");
    assert.equal(await page.getByTestId("amount").inputValue(), "250");
    assert.equal(await ask("lent", "DAI", wallet.address), "0");

    await page
        .getByRole("banner")
        .getByRole("button", { name: /^Wallet 0x/ })
        .click();
    await page.getByRole("button", { name: /Test account 6/ }).click();
    await dialogClosed(page);
    await send(page, { amount: "250" });
    await expectText(page, "lent-DAI", /^(250|249\.9)/);
    await page.reload();
    await expectText(page, "lent-DAI", /^(250|249\.9)/);
    assert.ok(settings.chainId);
});
