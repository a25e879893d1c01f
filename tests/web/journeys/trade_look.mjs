// Account, Trade and Liquidations by axe in light and dark, with a wallet and without, wide and narrow.

import { checkAccessibility, checkWidth, connect, journey } from "../browser.mjs";

const PLACES = ["#/account", "#/trade/close/WETH", "#/trade/withdraw/USDC", "#/liquidations"];

await journey(async ({ open, settings }) => {
    const { page } = await open({ account: 3, path: "#/trade/long/WETH" });
    const look = async (place) => {
        await page.goto(settings.url + place);
        await page.locator("main .skeleton").first().waitFor({ state: "detached" });
        // A preview that comes would change the button while it is looked at.
        if (place.includes("/close/")) await page.locator('[data-testid="close"]:enabled').waitFor();
        await checkAccessibility(page);
    };
    await look("#/trade/short/WBTC");

    await connect(page);
    for (const place of PLACES) await look(place);
    await page.goto(`${settings.url}#/trade/long/WBTC`);
    await page.getByTestId("margin").fill("1000");
    await page.getByTestId("gas").waitFor();
    await page.locator('[data-testid="open"]:enabled').waitFor();
    await page.getByText("The trade in detail").click();
    await checkAccessibility(page);
    await page.setViewportSize({ width: 360, height: 780 });
    await checkWidth(page);
    for (const place of PLACES) {
        await page.goto(settings.url + place);
        await page.locator("main .skeleton").first().waitFor({ state: "detached" });
        await checkWidth(page);
    }
});
