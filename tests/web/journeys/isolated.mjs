// Collateral that counts only beside the settlement asset: the badge says so, and portfolio margin is refused.

import { connect, expectText, journey } from "../browser.mjs";

await journey(async ({ open, ask, assert }) => {
    await ask("isolate", "WBTC");
    await ask("indebt", 6, "WBTC", 1, "USDC", 10_000);
    const { page } = await open({ account: 6, path: "#/account" });
    await connect(page);
    await expectText(page, "safety", "Isolated margin");
    await page.getByTestId("portfolio-initial").waitFor();
    await expectText(page, "mode", "WBTC is isolated collateral: as a portfolio it counts for nothing.");
    await expectText(page, "mode", "The account does not cover what portfolio margin requires of new risk.");
    await page.getByTestId("mode").locator(".note-danger").waitFor();
    assert.equal(await page.getByTestId("switch-mode").isDisabled(), true);
});
