// A hedged account switches to portfolio margin after seeing both requirements, borrows more than standard margin bears,
// and is refused the way back.

import { connect, expectText, journey } from "../browser.mjs";
import { act, dollars } from "../trading.mjs";

await journey(async ({ open, ask, assert }) => {
    await ask("fund", 5, 3_000);
    await ask("hedge", 5, "10");
    const { page, wallet } = await open({ account: 5, path: "#/account" });
    await connect(page);
    await expectText(page, "mode", "Standard margin");
    await page.getByTestId("portfolio-initial").waitFor();
    const [standard, portfolio] = [
        dollars(await page.getByTestId("standard-initial").innerText()),
        dollars(await page.getByTestId("portfolio-initial").innerText()),
    ];
    assert.ok(portfolio < standard / 2, `a hedge nets: ${portfolio} of ${standard}`);
    assert.equal((await ask("requirements", wallet.address)).portfolio, false);

    await act(page, "switch-mode");
    await page.getByRole("button", { name: "Back to standard margin" }).waitFor();
    const now = await ask("requirements", wallet.address);
    assert.equal(now.portfolio, true);
    assert.ok(Math.abs(Number(now.initial) / 1e18 / portfolio - 1) < 0.01, `${now.initial} was ${portfolio}`);

    // Now more is borrowed than standard margin would let.
    const equity = dollars(await page.getByTestId("portfolio-equity").innerText());
    await ask("borrow", 5, Math.round(equity - standard * 0.5));
    await page.getByText("does not cover what standard margin requires").waitFor();
    await page.getByTestId("mode").locator(".note-danger").waitFor();
    assert.equal(await page.getByTestId("switch-mode").isDisabled(), true);
    assert.equal((await ask("requirements", wallet.address)).portfolio, true);
});
