// Without a matcher: said plainly, the rest works, a market trade goes through; the book comes by itself when it starts.

import { checkAccessibility, connect, expectText, journey } from "../browser.mjs";
import { act } from "../trading.mjs";

await journey(async ({ open, ask, assert, settings }) => {
    const { page, wallet } = await open({ account: 1, path: "#/perps/ETH-PERP" });
    await expectText(page, "book", "The matcher is not there");
    await expectText(page, "book", `None answers at ${settings.others[0]}`);
    await expectText(page, "mark", /\$2,\d\d\d/);
    await page.getByTestId("depth").getByRole("img").waitFor();
    await expectText(page, "trades", "Virtual AMM");

    await connect(page);
    await expectText(page, "orders", "Not known without the matcher");
    await page.getByTestId("tab-limit").check({ force: true });
    await page.getByTestId("size").fill("1");
    await page.getByTestId("limit").fill("1900");
    await page.getByText("Signed orders need the matcher, which is not there.").waitFor();
    assert.equal(await page.getByTestId("sign").isDisabled(), true);
    await checkAccessibility(page);

    await page.getByTestId("tab-market").check({ force: true });
    await page.getByTestId("margin").fill("3000");
    await expectText(page, "size-after", "long 1 ETH");
    await act(page, "trade");
    assert.equal((await ask("perp_position", wallet.address)).size, String(10n ** 18n));

    await ask("start_matcher");
    await expectText(page, "book", "The book is empty");
    await expectText(page, "orders", "No orders");

    // It goes away and comes back.
    await ask("stop_matcher");
    await expectText(page, "book", "The matcher is not there");
    await ask("start_matcher");
    await expectText(page, "book", "The book is empty");
});
