// The lend page by keyboard and by axe, with a wallet and without, wide and narrow.

import { checkAccessibility, checkWidth, connect, journey } from "../browser.mjs";

await journey(async ({ open, assert }) => {
    const { page } = await open({ account: 4, path: "#/lend" });
    await page.getByText("Connect a wallet to lend").waitFor();
    await checkAccessibility(page);

    // The dialog by keyboard alone: opened, closed by Escape, focus back where it was.
    await page.keyboard.press("Tab");
    await page.getByText("Skip to the content").focus();
    const button = page.getByRole("banner").getByRole("button", { name: "Connect" });
    await button.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Wallet" }).waitFor();
    await checkAccessibility(page);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog", { name: "Wallet" }).waitFor({ state: "hidden" });
    assert.equal(await button.evaluate((element) => element === document.activeElement), true);

    await connect(page);
    await page.getByTestId("you-lend").waitFor();
    await page.getByTestId("amount").fill("10");
    await page.getByTestId("gas").waitFor();
    await checkAccessibility(page);
    await page.goto(`${page.url().split("#")[0]}#/lend/backstop`);
    await page.getByTestId("backstop-panel").waitFor();
    await checkAccessibility(page);
    await page.setViewportSize({ width: 360, height: 780 });
    await checkWidth(page);
});
