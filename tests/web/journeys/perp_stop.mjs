// A stop order on a position: signed, listed as waiting, cancelled; and one that wakes when the index falls.

import { connect, expectText, journey } from "../browser.mjs";
import { sign } from "../trading.mjs";

await journey(async ({ open, ask, assert }) => {
    const { page, wallet } = await open({ account: 3, path: "#/perps/ETH-PERP" });
    await connect(page);
    await expectText(page, "size-now", "Long 2 ETH");
    await page.getByTestId("tab-short").check({ force: true });
    await page.getByTestId("tab-stop").check({ force: true });
    const wish = async () => {
        await page.getByTestId("size").fill("2");
        await page.getByTestId("trigger").fill("1900");
        await page.getByTestId("limit").fill("1850");
    };
    await wish();
    assert.equal(await page.getByTestId("reduce-only").isChecked(), true);
    await expectText(page, "size-after", /long 2 ETH→none/);
    await sign(page, "sign");
    await expectText(page, "order-list", "Waits for its trigger");
    await expectText(page, "order-list", "index at or below $1,900.00, reduce-only");
    assert.equal(await page.getByTestId("bids").getByText("1,850.00").count(), 0, "it is not in the book");

    await sign(page, "cancel-order");
    await expectText(page, "order-list", "Cancelled");
    assert.equal(wallet.asked.includes("eth_sendTransaction"), false);

    // The trigger on the other side of the index is told.
    await page.getByTestId("size").fill("2");
    await page.getByTestId("limit").fill("1850");
    await page.getByTestId("trigger").fill("2100");
    await page.getByText("The index is there already: it wakes at once.").waitFor();

    await wish();
    await sign(page, "sign");
    await expectText(page, "order-list", "Waits for its trigger");
    await ask("order", 4, "3", "1880");
    await ask("set_price", "ETH", 1890);
    await expectText(page, "size-now", "None");
    await expectText(page, "order-list", /Sell 2 ETH[^]*Filled/);
    // What it lost stays in the market until it is settled.
    await expectText(page, "pnl", /−\$\d/);
    assert.equal((await ask("perp_position", wallet.address)).size, "0");
    await ask("set_price", "ETH", 2000);
});
