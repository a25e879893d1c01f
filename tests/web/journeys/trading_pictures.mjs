// Takes the pictures of Account, Trade and Liquidations: name, place, width, colours, and what is filled in first.

import { join } from "node:path";
import { connect, journey } from "../browser.mjs";

const WIDE = 1280;
const PHONE = 390;
const HIGH = { "console-trade-phone": 1_190, "console-account-phone": 1_190 };

const PICTURES = [
    ["console-trade", "#/trade/long/WETH", WIDE, "light", fillIn],
    ["console-trade-dark", "#/trade/short/WBTC", WIDE, "dark", fillIn],
    ["console-trade-phone", "#/trade/long/WETH", PHONE, "light", fillIn],
    ["console-account", "#/account", WIDE, "light"],
    ["console-account-phone", "#/account", PHONE, "dark"],
    ["console-liquidations", "#/liquidations", WIDE, "dark"],
    ["console-liquidations-phone", "#/liquidations", PHONE, "light"],
];

await journey(async ({ open, settings }) => {
    const { page } = await open({ account: 1, path: "#/trade/long/WETH" });
    await connect(page);
    for (const [name, place, width, colorScheme, prepare] of PICTURES) {
        if (settings.only?.length && !settings.only.includes(name)) continue;
        await page.setViewportSize({ width, height: HIGH[name] ?? 860 });
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await page.goto(`${settings.url}#/markets`);
        await page.goto(settings.url + place);
        await page.locator("main .skeleton").first().waitFor({ state: "detached" });
        await prepare?.(page);
        await page.waitForTimeout(1_500);
        await page.evaluate(() => window.scrollTo(0, 0));
        await page.screenshot({ path: join(settings.images, `${name}.png`), fullPage: width === WIDE });
    }
});

async function fillIn(page) {
    await page.getByTestId("margin").fill("10,000");
    await page.getByText(/× at most$/).waitFor();
    await page.getByTestId("leverage").fill("30");
    await page.getByTestId("gas").waitFor();
    await page.getByTestId("bought").waitFor();
}
