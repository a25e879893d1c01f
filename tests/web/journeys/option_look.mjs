// Options and the account's risk on a phone and by the rules of accessibility.

import { connect, checkAccessibility, checkWidth, journey } from "../browser.mjs";

await journey(async ({ open, settings }) => {
    const { page } = await open({ account: 3, path: "#/options/ETH-OPTION" });
    await connect(page);
    await page.getByTestId("chain-table").waitFor();
    await page.getByTestId("option-holdings").waitFor();
    await checkAccessibility(page);
    await page.setViewportSize({ width: 360, height: 780 });
    await checkWidth(page);
    await page.goto(`${settings.url}#/account`);
    await page.getByTestId("worst").first().waitFor();
    await page.getByTestId("standard-initial").waitFor();
    await checkWidth(page);
    await page.setViewportSize({ width: 1280, height: 900 });
    await checkAccessibility(page);
});
