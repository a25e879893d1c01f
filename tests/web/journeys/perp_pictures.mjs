// Takes the pictures of Perpetuals: name, width, colours, and what is filled in first.

import { join } from "node:path";
import { connect, journey } from "../browser.mjs";

const WIDE = 1280;
const PHONE = 390;

const PICTURES = [
    ["console-perps", WIDE, "light", market],
    ["console-perps-dark", WIDE, "dark", limit],
    ["console-perps-phone", PHONE, "light", market],
];

await journey(async ({ open, settings }) => {
    const { page } = await open({ account: 1, path: "#/perps/ETH-PERP" });
    await connect(page);
    for (const [name, width, colorScheme, prepare] of PICTURES) {
        if (settings.only?.length && !settings.only.includes(name)) continue;
        await page.setViewportSize({ width, height: width === PHONE ? 1_190 : 860 });
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await page.goto(`${settings.url}#/markets`);
        await page.goto(`${settings.url}#/perps/ETH-PERP`);
        await page.getByTestId("bids").waitFor();
        await page.locator("main .skeleton").first().waitFor({ state: "detached" });
        await prepare(page);
        await page.waitForTimeout(1_500);
        await page.evaluate(() => window.scrollTo(0, 0));
        await page.screenshot({ path: join(settings.images, `${name}.png`), fullPage: width === WIDE });
    }
});

async function market(page) {
    await page.getByTestId("tab-long").check({ force: true });
    await page.getByTestId("tab-market").check({ force: true });
    await page.getByTestId("size").fill("15");
    await page.getByTestId("gas").waitFor();
}

async function limit(page) {
    await page.getByTestId("tab-short").check({ force: true });
    await page.getByTestId("tab-limit").check({ force: true });
    await page.getByTestId("size").fill("20");
    await page.getByTestId("limit").fill("2075");
    await page.getByTestId("post-only").check();
    await page.locator('[data-testid="sign"]:enabled').waitFor();
}
