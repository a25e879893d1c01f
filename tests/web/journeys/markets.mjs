// Markets without a wallet: list, one asset with its curve, band and history, new blocks without reloading, on a
// phone's width, in light and dark.

import { checkAccessibility, checkWidth, expectText, journey } from "../browser.mjs";

await journey(async ({ open, ask, assert }) => {
    const { page } = await open({ wallet: false });
    const rows = page.getByTestId("markets").locator("tbody tr");
    await rows.first().waitFor();
    assert.equal(await rows.count(), 5);
    await page.getByTestId("markets").getByText("20.0M USDC").waitFor();
    await checkAccessibility(page);

    await page.getByRole("link", { name: /Wrapped Ether/ }).press("Enter");
    await page.getByRole("heading", { name: "Wrapped Ether" }).waitFor();
    await page.getByTestId("curve").locator("canvas").waitFor();
    await page.getByTestId("history").locator("canvas").waitFor();
    await expectText(page, "oracle", "$1,985.00");
    await expectText(page, "oracle", "$2,015.00");
    await checkAccessibility(page);

    const before = await page.getByTestId("block").innerText();
    await ask("set_price", "ETH", 2010);
    await expectText(page, "oracle", "$2,010.00");
    assert.notEqual(await page.getByTestId("block").innerText(), before);
    await ask("set_price", "ETH", 2000);

    // Seven days without an answer: the price is out of date, and the page says what that means.
    await ask("warp", 8 * 86_400);
    await expectText(page, "oracle", "Out of date");
    await expectText(page, "oracle", "no new risk");
    await ask("set_price", "ETH", 2000);
    await ask("set_price", "USD", 1);
    await expectText(page, "oracle", "Fresh");

    await page.setViewportSize({ width: 360, height: 780 });
    await checkWidth(page);
    await page.getByRole("link", { name: "Markets", exact: true }).first().click();
    await rows.first().waitFor();
    await checkWidth(page);
    await checkAccessibility(page);

    await page.goto(`${page.url().split("#")[0]}#/markets/NOPE`);
    await page.getByText('No asset "NOPE" is listed').waitFor();
});
