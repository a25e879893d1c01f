// Drives the console in headless Chromium for the journeys of this folder.
//
//     import { journey } from "../browser.mjs";
//     await journey(async ({ open, ask, settings }) => { const { page, wallet } = await open(); ... });
//
// Settings come as JSON in JOURNEY. `ask(what, ...)` has the test's Python side do something (stop the node, set a
// price, send a transaction) and waits for its answer. A failure ends with its message and a picture.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";
import { createPublicClient, createWalletClient, defineChain, http } from "viem";
import { mnemonicToAccount } from "viem/accounts";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const MNEMONIC = "test test test test test test test test test test test junk";
const FLAGS = [
    ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
    ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
];
const SECONDS = 1_000;
// Colours change at once, their painting a little later.
const SETTLE_MS = 200;
// The test chain has no base fee.
const FEES = { maxFeePerGas: 10n ** 9n, maxPriorityFeePerGas: 0n };

/** Runs one journey and ends the process with its outcome. */
export async function journey(steps) {
    const settings = JSON.parse(process.env.JOURNEY);
    const profile = mkdtempSync(join(tmpdir(), "keel-browser-"));
    const context = await chromium.launchPersistentContext(profile, {
        executablePath: settings.chromium,
        headless: true,
        args: FLAGS,
        viewport: { width: 1280, height: 900 },
        colorScheme: "light",
        reducedMotion: "reduce",
    });
    context.setDefaultTimeout(settings.timeout * SECONDS);
    const seen = { requests: [], errors: [] };
    let page;
    let failure;
    try {
        const open = async (options = {}) => {
            page = await context.newPage();
            watch(page, seen);
            const wallet = options.wallet === false ? null : await inject(page, settings, options);
            await page.goto((options.url ?? settings.url) + (options.path ?? ""));
            return { page, wallet };
        };
        await steps({ open, ask, settings, context, seen, assert });
        checkSeen(seen, settings);
    } catch (error) {
        failure = error;
        const picture = join(tmpdir(), `keel-journey-${process.pid}.png`);
        await page?.screenshot({ path: picture, fullPage: true }).catch(() => undefined);
        console.error(`${error.stack ?? error}\npicture: ${picture}`);
        const said = await page
            ?.locator("body")
            .innerText()
            .catch(() => "");
        console.error(`the page said:\n${said}\nits errors: ${JSON.stringify(seen.errors)}`);
    }
    await context.close();
    rmSync(profile, { recursive: true, force: true });
    input.close();
    process.exit(failure ? 1 : 0);
}

/** Connects the injected wallet by the dialog. */
export async function connect(page) {
    await page.getByRole("banner").getByRole("button", { name: "Connect" }).click();
    await page.getByTestId("wallet-org.keel.test").click();
    await page
        .getByRole("banner")
        .getByRole("button", { name: /^Wallet 0x/ })
        .waitFor();
    await dialogClosed(page);
}

/** Waits until no dialog is open: while one is, nothing can be typed beside it. */
export async function dialogClosed(page) {
    await page.getByRole("dialog").waitFor({ state: "hidden" });
}

/** Waits until `text` (a string or expression) stands in the element of this test id. */
export async function expectText(page, testid, text) {
    const wanted = typeof text === "string" ? new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")) : text;
    await page.getByTestId(testid).filter({ hasText: wanted }).first().waitFor();
}

/** Types an amount, presses the button once the preview is there, and waits until all of it is mined. */
export async function send(page, { field = "amount", amount, button = "act" } = {}) {
    const messages = page.getByRole("region", { name: "Messages" });
    for (const old of await messages.getByRole("button", { name: "Dismiss" }).all()) {
        await old.click({ timeout: SECONDS }).catch(() => undefined); // it may go by itself meanwhile
    }
    if (amount !== undefined) await page.getByTestId(field).fill(amount);
    await page.getByTestId("gas").first().waitFor();
    await page.locator(`[data-testid="${button}"]:enabled`).click();
    await page.waitForFunction(() => {
        const busy = document.querySelector('button[aria-busy="true"], [data-testid="toast-pending"]');
        return !busy && document.querySelector('[data-testid="toast-done"], [data-testid="toast-failed"]');
    });
    const failed = page.getByTestId("toast-failed");
    if (await failed.count()) throw new Error(`not sent: ${await failed.first().innerText()}`);
}

/** Fails with what axe-core finds on the page in light and in dark. */
export async function checkAccessibility(page) {
    for (const colorScheme of ["light", "dark"]) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await page.waitForTimeout(SETTLE_MS);
        const found = await page.evaluate(axeRun, await readAxe());
        const words = found.map(({ id, nodes }) => `${id}: ${nodes.join(" | ")}`);
        assert.deepEqual(words, [], `accessibility in ${colorScheme} colours`);
    }
    await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
}

/** Fails where the page is wider than the screen. */
export async function checkWidth(page) {
    const [wide, screen] = await page.evaluate(() => [
        document.documentElement.scrollWidth,
        document.documentElement.clientWidth,
    ]);
    const reach = (element) => Math.round(element.getBoundingClientRect().right);
    const cause = await page.evaluate(
        ([read, edge]) => {
            const right = (0, eval)(read);
            const found = [...document.querySelectorAll("main *")].filter((one) => right(one) > edge);
            return found.slice(0, 3).map((one) => `${one.tagName}.${one.className} to ${right(one)}`);
        },
        [reach.toString(), screen],
    );
    assert.ok(wide <= screen, `the page is ${wide} wide on a screen of ${screen}: ${cause.join(", ")}`);
}

// Injected wallet

/** An EIP-1193 provider, announced by EIP-6963, whose requests are answered here by a key of the public mnemonic. */
async function inject(page, settings, { account = 1, chainId, reject = [], legacy = false }) {
    const signer = mnemonicToAccount(MNEMONIC, { addressIndex: account });
    const chain = defineChain({
        id: settings.chainId,
        name: "test",
        nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
        rpcUrls: { default: { http: [settings.rpc] } },
    });
    const transport = http(settings.rpc);
    const reader = createPublicClient({ chain, transport });
    const writer = createWalletClient({ account: signer, chain, transport });
    const wallet = {
        address: signer.address,
        chainId: chainId ?? settings.chainId,
        reject: new Set(reject),
        asked: [],
    };

    const answers = {
        eth_requestAccounts: () => [signer.address],
        eth_accounts: () => (wallet.connected ? [signer.address] : []),
        eth_chainId: () => `0x${wallet.chainId.toString(16)}`,
        eth_sendTransaction: ([{ to, data, value, gas }]) =>
            writer.sendTransaction({
                to,
                data,
                value: value && BigInt(value),
                gas: gas && BigInt(gas),
                ...FEES,
            }),
        eth_signTypedData_v4: ([, text]) => {
            const { types, primaryType, domain, message } = JSON.parse(text);
            const { EIP712Domain: _, ...own } = types;
            return signer.signTypedData({ types: own, primaryType, domain, message });
        },
        wallet_switchEthereumChain: async ([{ chainId: wanted }]) => {
            wallet.chainId = Number(wanted);
            await page.evaluate((id) => window.keelTestWallet.emit("chainChanged", id), wanted);
            return null;
        },
    };
    await page.exposeFunction("keelTestRequest", async ({ method, params }) => {
        wallet.asked.push(method);
        if (wallet.reject.has(method))
            return { error: { code: 4001, message: "User rejected the request." } };
        try {
            const answer = answers[method] ?? ((given) => reader.request({ method, params: given }));
            const result = await answer(params ?? []);
            if (method === "eth_requestAccounts") wallet.connected = true;
            return { result };
        } catch (error) {
            return {
                error: {
                    code: error.code ?? -32000,
                    message: error.shortMessage ?? error.message,
                    data: error.data,
                },
            };
        }
    });
    await page.addInitScript((only) => {
        const listeners = {};
        const provider = {
            async request(call) {
                const { result, error } = await window.keelTestRequest(call);
                if (error) throw Object.assign(new Error(error.message), error);
                return result;
            },
            on: (event, listener) => (listeners[event] ??= new Set()).add(listener),
            removeListener: (event, listener) => listeners[event]?.delete(listener),
            emit: (event, value) => listeners[event]?.forEach((listener) => listener(value)),
        };
        window.keelTestWallet = provider;
        if (only) {
            window.ethereum = provider;
            return;
        }
        const info = {
            uuid: "8f0a7cde-0000-4000-8000-000000000001",
            name: "Test wallet",
            icon: "data:,",
            rdns: "org.keel.test",
        };
        const detail = Object.freeze({ info: Object.freeze(info), provider });
        const announce = () => window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
        window.addEventListener("eip6963:requestProvider", announce);
        announce();
    }, legacy);
    return wallet;
}

// What the page did

function watch(page, seen) {
    page.on("request", (request) => seen.requests.push(request.url()));
    page.on("websocket", (socket) => seen.requests.push(socket.url()));
    page.on("pageerror", (error) => seen.errors.push(String(error)));
    page.on("console", (message) => {
        if (message.type() === "error") seen.errors.push(message.text());
    });
}

/** No request may leave loopback and the chosen RPC, and no script may fail or break the policy. */
function checkSeen(seen, settings) {
    const allowed = [settings.url, settings.rpc, ...(settings.others ?? [])].map((url) => new URL(url).host);
    const strangers = seen.requests.filter((url) => !allowed.includes(new URL(url).host));
    assert.deepEqual(strangers, [], "requests elsewhere");
    const defects = seen.errors.filter((text) => !/ERR_CONNECTION|Failed to fetch|503|net::/.test(text));
    assert.deepEqual(defects, [], "errors in the page");
}

let axe;

async function readAxe() {
    const { readFile } = await import("node:fs/promises");
    return (axe ??= await readFile(AXE, "utf8"));
}

async function axeRun(source) {
    // The policy of the page allows no script from elsewhere; the debugger's evaluation is not bound by it.
    if (!window.axe) (0, eval)(source);
    const { violations } = await window.axe.run(document, { resultTypes: ["violations"] });
    return violations.map(({ id, nodes }) => ({
        id,
        nodes: nodes.map((node) => `${node.target} ${node.failureSummary}`),
    }));
}

// The test's Python side

const input = createInterface({ input: process.stdin });
const waiting = [];
input.on("line", (line) => waiting.shift()?.(JSON.parse(line)));

async function ask(what, ...args) {
    const answer = new Promise((resolve) => waiting.push(resolve));
    process.stdout.write(`${JSON.stringify({ ask: what, args })}\n`);
    const { result, error } = await answer;
    if (error) throw new Error(`${what}: ${error}`);
    return result;
}
