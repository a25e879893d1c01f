// A limit order, signed: it stands in the book, another account fills it, it leaves the book and the position is there.

import { connect, expectText, journey } from "../browser.mjs";
import { sign } from "../trading.mjs";

await journey(async ({ open, ask, assert }) => {
    await ask("fund", 3, 2_500);
    await ask("fund", 4, 50_000);
    const reject = ["eth_signTypedData_v4"];
    const { page, wallet } = await open({ account: 3, reject, path: "#/perps/ETH-PERP" });
    await connect(page);
    await expectText(page, "book", "The book is empty");

    await page.getByTestId("tab-limit").check({ force: true });
    // More than the margin bears: the fill is simulated, the button stays shut.
    await page.getByTestId("size").fill("80");
    await page.getByTestId("limit").fill("1995");
    await page.getByTestId("ticket").locator(".note-danger").waitFor();
    assert.equal(await page.getByTestId("sign").isDisabled(), true);

    await page.getByTestId("size").fill("2");
    await page.getByTestId("post-only").check();
    await expectText(page, "price", "$1,995");
    await expectText(page, "liquidation-ETH", /→/);
    await expectText(page, "fee", /\$1\.99/);
    await page.locator('[data-testid="sign"]:enabled').click();
    await expectText(page, "toast-failed", "You rejected it in the wallet; nothing was sent.");
    await page.getByTestId("toast-failed").getByRole("button", { name: "Dismiss" }).click();
    assert.equal(await page.getByTestId("size").inputValue(), "2");

    wallet.reject.clear();
    await sign(page, "sign");
    await page.getByTestId("bids").getByText("1,995.00").waitFor();
    await expectText(page, "order-list", "In the book");
    await expectText(page, "order-list", "post-only");
    assert.equal(wallet.asked.includes("eth_sendTransaction"), false, "an order costs no gas");
    assert.equal((await ask("perp_position", wallet.address)).size, "0");

    // Somebody else's order beside it is told by the feed, without any action here.
    await ask("order", 4, "1", "1980");
    await page.getByTestId("bids").getByText("1,980.00").waitFor();

    await ask("order", 4, "-2", "1990");
    await page.getByTestId("bids").getByText("1,995.00").waitFor({ state: "detached" });
    await expectText(page, "size-now", "Long 2 ETH");
    await expectText(page, "order-list", "Filled");
    const held = await ask("perp_position", wallet.address);
    assert.equal(held.size, String(2n * 10n ** 18n));
    assert.equal(held.entry, String(1995n * 10n ** 18n));
    await expectText(page, "trade-list", /Order/);
});
