// An owner opens a sub-account and moves money to it, names an operator, who acts, and ends him.

import { connect, expectText, journey } from "../browser.mjs";
import { act } from "../trading.mjs";

const OPERATOR = 6;

await journey(async ({ open, ask, assert, settings }) => {
    const owner = await open({ account: 4, path: "#/account" });
    const { page, wallet } = owner;
    await page.getByText("No wallet connected").waitFor();
    await connect(page);
    await page.getByText("Nothing in this account yet").waitFor();
    await page.getByRole("button", { name: "Deposit" }).click();
    await page.getByTestId("amount").fill("1000");
    await act(page, "act");

    await page.goto(`${settings.url}#/account`);
    await page.getByTestId("new-account").click();
    await page.getByText("Sub-account 1 is empty").waitFor();
    await page.getByRole("button", { name: "Switch to Main account" }).click();
    await page.getByTestId("transfer").click();
    await page.getByTestId("transfer-amount").fill("2000");
    await page.getByText(/The account holds 1,000 USDC/).waitFor();
    await page.getByTestId("transfer-amount").fill("400");
    await act(page, "act-transfer");
    await expectText(page, "accounts", /Sub-account 1[^]*\$400\.00/);
    assert.equal((await ask("standing", wallet.address, 1)).balances.USDC, "400000000");
    assert.equal((await ask("standing", wallet.address, 0)).balances.USDC, "600000000");

    // A digit that is wrong is told from the checksum.
    const other = await open({ account: OPERATOR, path: "#/account" });
    const operator = other.wallet.address;
    await page.bringToFront();
    await page.getByTestId("add-operator").click();
    await page.getByTestId("operator").fill(operator.replace(/.$/, (last) => (last === "0" ? "1" : "0")));
    await page.getByText("The checksum does not match: a digit is wrong").waitFor();
    await page.getByTestId("operator").fill(operator);
    await act(page, "act-operator");
    await expectText(page, "operators", /(6|7|8) d/);
    assert.ok((await ask("operator_expiry", wallet.address, operator)) > 0);

    await other.page.bringToFront();
    await connect(other.page);
    const entry = other.page.getByTestId("account-picker").locator("option", { hasText: "operated" });
    await entry.waitFor({ state: "attached" });
    await other.page.getByTestId("account-picker").selectOption({ label: await entry.innerText() });
    await other.page.getByText("You operate this account for its owner").waitFor();
    await expectText(other.page, "equity", "$600.00");
    await other.page.goto(`${settings.url}#/trade/withdraw/USDC`);
    await other.page.getByTestId("amount").fill("100");
    await act(other.page, "act");
    assert.equal((await ask("standing", wallet.address)).balances.USDC, "500000000");

    await page.bringToFront();
    await expectText(page, "equity", "$500.00");
    await page.getByRole("button", { name: `End operator ${operator}` }).click();
    await page.getByText("Nobody but the owner acts for this account").waitFor();
    assert.equal(await ask("operator_expiry", wallet.address, operator), 0);
});
