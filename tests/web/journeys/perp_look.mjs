// The page by axe in light and dark, with a wallet and without, wide and narrow, with a book, by keyboard, on another
// network, and while the node is away.

import { checkAccessibility, checkWidth, connect, expectText, journey } from "../browser.mjs";
import { act } from "../trading.mjs";

const KINDS = ["limit", "stop", "profit", "market"];

await journey(async ({ open, ask, assert }) => {
    await ask("order", 4, "1", "1970");
    await ask("order", 4, "-1", "2030");
    const { page } = await open({ account: 6, chainId: 1, path: "#/perps/ETH-PERP" });
    await page.getByTestId("bids").getByText("1,970.00").waitFor();
    await page.getByTestId("funding").getByRole("img").waitFor();
    await checkAccessibility(page);

    await connect(page);
    await page.getByText("The wallet is on another network").waitFor();
    assert.equal(await page.getByTestId("trade").count(), 0);
    await page.getByRole("button", { name: "Switch the wallet's network" }).first().click();
    await page.getByText("The wallet is on another network").waitFor({ state: "detached" });

    // Another market and back: each has its prices and its book.
    await page.getByTestId("perp").selectOption("BTC-PERP");
    await expectText(page, "mark", /\$(39,9|40,0)\d\d/);
    await expectText(page, "book", "The book is empty");
    await page.getByTestId("perp").selectOption("ETH-PERP");
    await page.getByTestId("bids").getByText("1,970.00").waitFor();

    // The kinds of orders by arrow keys.
    await page.getByTestId("tab-market").focus();
    for (const kind of KINDS) {
        await page.keyboard.press("ArrowRight");
        assert.equal(await page.getByTestId(`tab-${kind}`).isChecked(), true);
    }
    await page.getByTestId("size").fill("1");
    await page.getByTestId("margin").fill("1500");
    await act(page, "trade");
    for (const tab of ["close", "settle"]) {
        await page.getByTestId(`tab-${tab}`).check({ force: true });
        await page.locator(`[data-testid="${tab}"]:enabled`).waitFor();
        await checkAccessibility(page);
    }
    await page.getByTestId("tab-stop").check({ force: true });
    await page.getByTestId("size").fill("1");
    await page.getByTestId("tab-leave").check({ force: true });
    await checkAccessibility(page);
    await page.setViewportSize({ width: 360, height: 780 });
    await checkWidth(page);
    await checkAccessibility(page);
    await page.setViewportSize({ width: 1280, height: 900 });

    await ask("stop_node");
    await page.getByText("The node does not answer.", { exact: true }).first().waitFor();
    await page.getByTestId("mark").waitFor();
    await checkAccessibility(page);
});
