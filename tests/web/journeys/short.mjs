// A short of bitcoin on margin from the account, raised with a deposit, closed by half and then whole.

import { connect, expectText, journey } from "../browser.mjs";
import { act } from "../trading.mjs";

await journey(async ({ open, ask, assert, settings }) => {
    const { page, wallet } = await open({ account: 2, path: "#/trade/deposit/USDC" });
    const go = (place) => page.goto(settings.url + place);
    // What was typed before the wallet came stays.
    await page.getByTestId("amount").fill("20000");
    await connect(page);
    await expectText(page, "balance-after", "20,000 USDC");
    await act(page, "act");

    await go("#/trade/short/WBTC");
    await page.getByText(/× at most$/).waitFor();
    await page.getByTestId("leverage").fill("20");
    await page.getByRole("button", { name: "Open 2.0× short WBTC" }).waitFor();
    await expectText(page, "liquidation-BTC", /↑ \$5\d,\d\d\d/);
    await act(page, "open");
    const opened = (await ask("standing", wallet.address)).balances;
    assert.equal(opened.WBTC, "-100000000", "20,000 dollars twice, at 40,000 for one");

    await go("#/trade/close/WBTC");
    await page.getByTestId("part").fill("50");
    await page.getByRole("button", { name: "Close 50% of short WBTC" }).waitFor();
    await act(page, "close");
    const half = BigInt((await ask("standing", wallet.address)).balances.WBTC);
    assert.ok(half <= -50_000_000n && half > -50_001_000n, `${half}`);

    await page.getByTestId("part").fill("100");
    await page.getByTestId("home-USDC").waitFor();
    await act(page, "close");
    assert.deepEqual((await ask("standing", wallet.address)).balances, {});

    // Borrowing against a deposit of native ether, up to the bound and not beyond it.
    await go("#/trade/deposit/WETH");
    await page.getByTestId("native").check();
    await page.getByTestId("amount").fill("5");
    await act(page, "act");
    await go("#/trade/borrow/DAI");
    await page.getByTestId("amount").fill("9999");
    await page.getByText(/may borrow up to/).waitFor();
    assert.equal(await page.getByTestId("act").isDisabled(), true);
    await page.getByTestId("amount").fill("4000");
    await expectText(page, "health-after", /→\s*\d+\.\d\d×/);
    await act(page, "act");
    assert.equal((await ask("standing", wallet.address)).balances.WETH, "5000000000000000000");

    await go("#/trade/withdraw/WETH");
    await page.getByTestId("amount").fill("4.9");
    await page.getByText(/the rest backs the account's debt/).waitFor();
    await go("#/trade/repay/DAI");
    await page.getByRole("button", { name: /use all of it/ }).click();
    await act(page, "act");
    assert.ok(BigInt((await ask("standing", wallet.address)).balances.DAI ?? 0n) >= 0n, "nothing is owed");
});
