// Takes the pictures of options and of an account's risk: name, page, width, colours, and what is filled in first.

import { join } from "node:path";
import { connect, journey } from "../browser.mjs";

const WIDE = 1280;
const PHONE = 390;

const PICTURES = [
    ["console-options", "options/ETH-OPTION", WIDE, "light", offer],
    ["console-options-phone", "options/ETH-OPTION", PHONE, "light", offer],
    ["console-risk", "account", WIDE, "light", risk],
    ["console-risk-dark", "account", WIDE, "dark", risk],
];

await journey(async ({ open, settings }) => {
    const { page } = await open({ account: 1, path: "#/options/ETH-OPTION" });
    await connect(page);
    for (const [name, path, width, colorScheme, prepare] of PICTURES) {
        if (settings.only?.length && !settings.only.includes(name)) continue;
        await page.setViewportSize({ width, height: width === PHONE ? 1_190 : 860 });
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await page.goto(`${settings.url}#/markets`);
        await page.goto(`${settings.url}#/${path}`);
        await prepare(page);
        await page.locator("main .skeleton").first().waitFor({ state: "detached" });
        await page.waitForTimeout(1_500);
        await page.evaluate(() => window.scrollTo(0, 0));
        await page.screenshot({ path: join(settings.images, `${name}.png`), fullPage: width === WIDE });
    }
});

async function offer(page) {
    await page.getByTestId("chain-table").waitFor();
    await page.getByTestId("option-holdings").waitFor();
    await page.locator(".expiry").nth(2).click();
    for (const place of [6, 3]) {
        const series = page.locator('[data-testid^="series-"]').nth(place);
        if ((await series.getAttribute("aria-pressed")) === "false") await series.click();
    }
    await page.getByTestId("units").fill("5");
    await page.getByTestId("premium").fill("180");
}

async function risk(page) {
    await page.getByTestId("worst").first().waitFor();
    await page.getByTestId("portfolio-initial").waitFor();
    await page.getByTestId("payoff-ETH").locator("canvas").waitFor();
    await page.getByTestId("gas").waitFor();
}
