// What the journeys of trading share.

/** What stands in an element of this test id. */
export async function text(page, testid) {
    return page.getByTestId(testid).first().innerText();
}

/** The last dollar amount in a text. */
export function dollars(words) {
    return Number(
        words
            .match(/\$[\d,.]+/g)
            .at(-1)
            .replace(/[$,]/g, ""),
    );
}

/** The last multiple in a text. */
export function health(words) {
    return Number(words.match(/[\d.]+(?=×)/g).at(-1));
}

/** Presses a form's button once its preview is there, and waits until it is done. */
export async function act(page, button) {
    await page.getByTestId("gas").first().waitFor();
    await page.locator(`[data-testid="${button}"]:enabled`).click();
    await page.getByTestId("toast-done").last().waitFor();
    for (const toast of await page.getByTestId("toast-done").all()) {
        await toast.getByRole("button", { name: "Dismiss" }).click();
    }
}

/** Presses a button that asks for a signature alone, and waits until what it is for is done. */
export async function sign(page, button) {
    await page.locator(`[data-testid="${button}"]:enabled`).first().click();
    await page.getByTestId("toast-done").last().waitFor();
    for (const toast of await page.getByTestId("toast-done").all()) {
        await toast.getByRole("button", { name: "Dismiss" }).click();
    }
}
