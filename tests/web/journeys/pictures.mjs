// Takes the pictures of docs/images: name, wallet (account number of the mnemonic, or null), place, width, colours.

import { join } from "node:path";
import { connect, journey } from "../browser.mjs";

const WIDE = 1280;
const PHONE = 390;
const LENDER = 5;

const PICTURES = [
    ["console-markets", LENDER, "#/markets", WIDE, "light"],
    ["console-market", LENDER, "#/markets/WETH", WIDE, "dark"],
    ["console-markets-phone", LENDER, "#/markets", PHONE, "dark"],
    ["console-lend", LENDER, "#/lend/USDC", WIDE, "light", fillIn],
    ["console-lend-phone", LENDER, "#/lend/WETH", PHONE, "light", fillIn],
    ["console-backstop", LENDER, "#/lend/backstop", WIDE, "dark", leave],
];

await journey(async ({ open, settings }) => {
    const opened = new Map();
    for (const [name, account, path, width, colorScheme, prepare] of PICTURES) {
        if (settings.only?.length && !settings.only.includes(name)) continue;
        if (!opened.has(account)) {
            const { page } = await open({ account: account ?? 1, wallet: account !== null });
            if (account !== null) await connect(page);
            opened.set(account, page);
        }
        const page = opened.get(account);
        await page.setViewportSize({ width, height: width === PHONE ? 844 : 860 });
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await page.goto(settings.url + path);
        await page.locator(".skeleton").first().waitFor({ state: "detached" });
        await prepare?.(page);
        await page.waitForTimeout(1_500);
        await page.screenshot({ path: join(settings.images, `${name}.png`), fullPage: width === WIDE });
    }
});

async function fillIn(page) {
    await page.getByTestId("amount").fill("12.5");
    await page.getByTestId("gas").waitFor();
}

async function leave(page) {
    await page.getByTestId("tab-leave").check({ force: true });
    await page.getByTestId("exit-cooling").waitFor();
}
