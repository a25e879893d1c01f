// An account that the fall of a price brought below its initial requirement is refused portfolio margin, in words.

import { connect, expectText, journey } from "../browser.mjs";
import { dollars } from "../trading.mjs";

await journey(async ({ open, ask, assert }) => {
    await ask("indebt", 6, "WETH", 10, "USDC", 14_000);
    await ask("set_price", "ETH", 1_650);
    const { page, wallet } = await open({ account: 6, path: "#/account" });
    await connect(page);
    await expectText(page, "mode", "The account does not cover what portfolio margin requires of new risk.");
    const refusal = page.getByTestId("mode").locator(".note-danger");
    await refusal.waitFor();
    const words = await refusal.innerText();
    assert.match(
        words,
        /^The account would be worth \$[\d,.]+ at the worst prices, and must be worth \$[\d,.]+/,
    );
    assert.equal(dollars(words), dollars(await page.getByTestId("portfolio-initial").innerText()));
    assert.equal(await page.getByTestId("switch-mode").isDisabled(), true);
    assert.equal(wallet.asked.includes("eth_sendTransaction"), false, "the wallet is not asked");
    assert.equal((await ask("requirements", wallet.address)).portfolio, false);
});
