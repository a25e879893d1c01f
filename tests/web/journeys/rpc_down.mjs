// The node goes away and comes back: the last data stay with a banner, nothing can be sent, and all goes on by itself.
// A page that is opened meanwhile says so; an empty chain behind the same address is not taken for the old one.

import { checkAccessibility, connect, journey } from "../browser.mjs";

await journey(async ({ open, ask, assert }) => {
    const { page } = await open({ account: 4, path: "#/lend/DAI" });
    await connect(page);
    await page.getByTestId("amount").fill("5");
    await page.locator('[data-testid="act"]:enabled').waitFor();

    await ask("stop_node");
    await page.getByText("The node does not answer.", { exact: true }).first().waitFor();
    await page.getByTestId("you-lend").waitFor();
    assert.equal(await page.getByTestId("act").isDisabled(), true);
    await checkAccessibility(page);
    await page.reload();
    await page.getByText("The chain cannot be reached").waitFor();
    await checkAccessibility(page);

    await ask("start_other_chain");
    await page.getByText("The deployments file is of another chain").waitFor();
    await ask("stop_other");

    await ask("start_node");
    await page.getByTestId("you-lend").waitFor();
    await page.getByTestId("amount").fill("5");
    await page.locator('[data-testid="act"]:enabled').waitFor();
    assert.equal(await page.getByText("The node does not answer").count(), 0);
});
