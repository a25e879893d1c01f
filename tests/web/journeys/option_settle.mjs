// A call expires in the money: its seller fixes the price by the feed's rounds and pays, its buyer is paid, both by a button.

import { connect, expectText, journey } from "../browser.mjs";
import { act } from "../trading.mjs";

const [BUYER, SELLER] = [1, 2];
const UNITS = 2;
// For twenty minutes of the last thirty, and for ten.
const [FIRST, LAST] = [2_400, 2_700];
const MEAN = 2_500;

await journey(async ({ open, ask, assert }) => {
    await ask("set_price", "ETH", 2_000);
    await ask("fund", BUYER, 20_000);
    await ask("fund", SELLER, 20_000);
    const call = await ask("series", 0, "1", true);
    const [strike, premium] = [Number(call.strike) / 1e18, Number(call.value) / 1e18];
    await ask("trade_options", BUYER, SELLER, call.series, String(UNITS));
    await ask("expire", call.expiry, FIRST, LAST);

    const seller = await open({ account: SELLER, path: "#/options/ETH-OPTION" });
    await connect(seller.page);
    await expectText(seller.page, "settled", "Not fixed yet");
    await expectText(seller.page, "option-holdings", /Short[^]*Expired/);
    await seller.page.getByRole("button", { name: "Fix the price and settle" }).waitFor();
    assert.equal(await ask("settlement_price", call.expiry), null);
    const had = await cash(seller.wallet.address);
    await act(seller.page, "settle");
    assert.equal(Number(await ask("settlement_price", call.expiry)) / 1e18, MEAN);
    await expectText(seller.page, "settled", `$${MEAN.toLocaleString("en-US")}.00`);
    await seller.page.getByText("Nothing in ETH-OPTION").waitFor();
    const profit = UNITS * (MEAN - strike - premium);
    const paid = had - (await cash(seller.wallet.address));
    assert.ok(Math.abs(paid - profit) < 0.01 * profit, `${paid} was paid of ${profit}`);

    // The price is fixed: the buyer settles alone, and has what the seller paid.
    const buyer = await open({ account: BUYER, path: "#/options/ETH-OPTION" });
    await connect(buyer.page);
    const before = await cash(buyer.wallet.address);
    await act(buyer.page, "settle");
    await buyer.page.getByText("Nothing in ETH-OPTION").waitFor();
    const after = await cash(buyer.wallet.address);
    const received = after - before;
    assert.ok(Math.abs(received - profit) < 0.01 * profit, `${received} came of ${profit}`);
    await buyer.page.goto(`${new URL(buyer.page.url()).origin}/#/account`);
    const shown = Math.floor(after).toLocaleString("en-US");
    await buyer.page.locator("tr", { hasText: "USDC" }).getByText(shown).first().waitFor();

    async function cash(owner) {
        return Number((await ask("standing", owner)).balances.USDC) / 1e6;
    }
});
