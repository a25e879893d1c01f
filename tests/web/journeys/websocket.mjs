// A console that has a websocket shows a new block long before it would have asked for one.

import { journey } from "../browser.mjs";

const SOON_MS = 2_500; // with a websocket it asks every 5 seconds

await journey(async ({ open, ask, settings, seen, assert }) => {
    const url = await ask("open_websocket_console");
    settings.others = [url];
    const { page } = await open({ wallet: false, url });
    const block = page.getByTestId("block").filter({ hasText: "#" });
    await block.waitFor();
    const before = await block.innerText();
    await page.waitForTimeout(500); // subscribed by now, and hardly half a second into the pause
    await ask("mine");
    await page.getByTestId("block").filter({ hasNotText: before }).waitFor({ timeout: SOON_MS });
    assert.ok(seen.requests.some((request) => request.startsWith("ws:")));
});
