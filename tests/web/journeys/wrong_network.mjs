// A wallet on another network: said at once, nothing can be sent, switched by a button.

import { checkAccessibility, connect, journey } from "../browser.mjs";

await journey(async ({ open, assert, settings }) => {
    const { page, wallet } = await open({ account: 4, chainId: 1, path: "#/lend/DAI" });
    await connect(page);
    await page.getByText("The wallet is on another network").waitFor();
    await page.getByText("It is on Ethereum; Keel is on Local chain.").waitFor();
    await page.getByTestId("amount").fill("5");
    assert.equal(await page.getByTestId("act").count(), 0);
    await checkAccessibility(page);
    await page.getByRole("button", { name: "Switch the wallet's network" }).click();
    await page.getByText("The wallet is on another network").waitFor({ state: "detached" });
    await page.locator('[data-testid="act"]:enabled').waitFor();

    // Another account chosen in the wallet is another account here.
    const other = "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720";
    await page.evaluate((account) => window.keelTestWallet.emit("accountsChanged", [account]), other);
    await page.getByRole("banner").getByText("0xa0Ee…9720").waitFor();
    await page.evaluate(() => window.keelTestWallet.emit("accountsChanged", []));
    await page.getByRole("banner").getByRole("button", { name: "Connect" }).waitFor();
    assert.ok(wallet.asked.includes("wallet_switchEthereumChain"));
    assert.equal(wallet.asked.includes("eth_sendTransaction"), false);

    // The node itself turns into one of another chain, as behind a proxy that was set wrongly.
    const ours = `"0x${settings.chainId.toString(16)}"`;
    await page.route(`${settings.rpc}/**`, async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, body: (await response.text()).replaceAll(ours, '"0x1"') });
    });
    await page.getByText("The node serves another chain").waitFor();
    await page.unroute(`${settings.rpc}/**`);
    await page.getByText("The node serves another chain").waitFor({ state: "detached" });
});
