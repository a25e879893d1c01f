// A trader who rejects the permit, then the transaction: told so each time, and nothing is half-done.

import { connect, expectText, journey } from "../browser.mjs";
import { act } from "../trading.mjs";

const SAID = "You rejected it in the wallet; nothing was sent.";

await journey(async ({ open, ask, assert }) => {
    const reject = ["eth_signTypedData_v4"];
    const { page, wallet } = await open({ account: 3, reject, path: "#/trade/long/WETH" });
    await connect(page);
    await page.getByTestId("margin").fill("5000");
    await page.getByTestId("gas").waitFor();
    await page.locator('[data-testid="open"]:enabled').click();
    await expectText(page, "toast-failed", SAID);
    assert.ok(!wallet.asked.includes("eth_sendTransaction"), "nothing was sent");
    assert.equal(await page.getByTestId("margin").inputValue(), "5000");

    wallet.reject.delete("eth_signTypedData_v4");
    wallet.reject.add("eth_sendTransaction");
    await page.locator('[data-testid="open"]:enabled').click();
    await page.getByTestId("toast-failed").nth(1).getByText(SAID).waitFor();
    assert.deepEqual((await ask("standing", wallet.address)).balances, {});
    assert.deepEqual(await ask("wallet", wallet.address, "USDC"), {
        balance: "250000000000",
        allowance: "0",
    });

    wallet.reject.clear();
    for (let left = 2; left > 0; left -= 1) {
        await page.getByTestId("toast-failed").first().getByRole("button", { name: "Dismiss" }).click();
    }
    await act(page, "open");
    assert.ok((await ask("standing", wallet.address)).balances.WETH, "it goes on where it stopped");
});
