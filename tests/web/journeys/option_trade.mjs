// The chain is shown; one account signs an offer, another pastes and takes it; both have positions, scenarios and Greeks.

import { connect, expectText, journey } from "../browser.mjs";
import { act, sign } from "../trading.mjs";

const WAD = 10n ** 18n;

await journey(async ({ open, ask, assert, settings }) => {
    await ask("fund", 3, 60_000);
    await ask("fund", 4, 60_000);
    const call = await ask("series", 2, "1", true);
    const put = await ask("series", 2, "0.9", false);

    const maker = await open({ account: 3, path: "#/options/ETH-OPTION" });
    await maker.page.getByTestId("chain-table").waitFor();
    await maker.page.getByTestId(`expiry-${call.expiry}`).click();
    await connect(maker.page);
    const cell = maker.page.getByTestId(`series-${call.series}`);
    const shown = Number((await cell.innerText()).replace(/,/g, ""));
    assert.ok(Math.abs(shown - Number(call.value) / 1e18) < 1, "the chain shows the market's value");
    assert.equal(await maker.page.locator('[data-testid^="series-"]').count(), 10);

    // A strangle is sold: both legs in one offer.
    await cell.click();
    await maker.page.getByTestId(`series-${put.series}`).click();
    await maker.page.getByTestId("tab-sell").check({ force: true });
    await maker.page.getByTestId("units").fill("5");
    const premium = Math.round((Number(call.value) + Number(put.value)) / 1e18 + 2);
    await maker.page.getByTestId("premium").fill(String(premium));
    await expectText(maker.page, "premium-total", `$${(premium * 5).toLocaleString("en-US")}.00`);
    await sign(maker.page, "sign-offer");
    const text = await maker.page.getByTestId("offer-text").inputValue();
    assert.equal(maker.wallet.asked.includes("eth_sendTransaction"), false, "an offer costs no gas");
    assert.deepEqual(await ask("option_sizes", maker.wallet.address), {});

    const taker = await open({ account: 4, path: "#/options/ETH-OPTION" });
    await connect(taker.page);
    await taker.page.getByTestId("tab-take").check({ force: true });
    await taker.page.getByTestId("offer-paste").fill("{}");
    await taker.page.getByText("This is no offer").waitFor();
    await taker.page.getByTestId("offer-paste").fill(text);
    await expectText(taker.page, "take-premium", `$${(premium * 5).toLocaleString("en-US")}.00`);
    await taker.page.getByTestId("take-units").fill("6");
    await taker.page.getByText("At most 5").waitFor();
    await taker.page.getByTestId("take-units").fill("2");
    await expectText(taker.page, "take-premium", `$${(premium * 2).toLocaleString("en-US")}.00`);
    await expectText(taker.page, "take-fee", /\$\d/);
    await expectText(taker.page, "take-margin", /→/);
    await act(taker.page, "take-offer");
    const [bought, sold] = [
        await ask("option_sizes", taker.wallet.address),
        await ask("option_sizes", maker.wallet.address),
    ];
    for (const { series } of [call, put]) {
        assert.equal(bought[series], String(2n * WAD));
        assert.equal(sold[series], String(-2n * WAD));
    }
    await expectText(taker.page, "option-holdings", /call[^]*Long/);
    await taker.page.getByTestId(`expiry-${call.expiry}`).click();
    await expectText(taker.page, `own-${call.series}`, "+2.00");

    // What is left of the same offer, once altered, is not taken.
    await taker.page.getByTestId("offer-paste").fill(text.replace(`"premium": "${premium}`, '"premium": "1'));
    await taker.page.getByText("The signature is not of the key that it names").waitFor();

    await maker.page.bringToFront();
    await maker.page.getByTestId(`expiry-${call.expiry}`).click();
    await expectText(maker.page, `own-${call.series}`, "-2.00".replace("-", "−"));

    // The account page: the worst cell of the grid is the contract's.
    await maker.page.goto(`${settings.url}#/account`);
    await maker.page.getByTestId("worst").first().waitFor();
    const worst = await ask("worst", maker.wallet.address, "ETH");
    const marked = maker.page.getByTestId("heat-ETH").getByTestId("worst");
    assert.equal(await marked.count(), 1);
    assert.equal(await marked.getAttribute("data-point"), worst.point);
    const change = Number(await marked.getAttribute("data-change"));
    assert.ok(Math.abs(change / Number(worst.change) - 1) < 1e-3, `${change} is not ${worst.change}`);
    // Its Greeks are the lens's, to the wei: dollars, and ether by what is sold.
    const shownGreeks = await maker.page
        .getByTestId("greeks")
        .locator("tbody tr")
        .evaluateAll((rows) => rows.map((row) => [...row.querySelectorAll("data")].map((one) => one.value)));
    assert.deepEqual(shownGreeks, await ask("greeks", maker.wallet.address));
    assert.equal(shownGreeks.length, 2);
    const sold2 = Number(shownGreeks[1][2]) / 1e20;
    await expectText(maker.page, "greeks", `−$${Math.abs(sold2).toFixed(2)}`);
    await maker.page.getByTestId("payoff-ETH").locator("canvas").waitFor();
});
