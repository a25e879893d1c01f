/** Wallets, whatever they are: one EIP-1193 interface for browser wallets and for a local node's own accounts. */

import { numberToHex, type Address, type PublicClient } from "viem";
import type { Config } from "../chain/config";

export interface Provider {
    request(call: { method: string; params?: readonly unknown[] }): Promise<unknown>;
    on?(event: string, listener: (value: never) => void): void;
    removeListener?(event: string, listener: (value: never) => void): void;
}

export interface Connector {
    /** Remembered between visits. */
    id: string;
    name: string;
    kind: "browser" | "node";
    provider: Provider;
    /** Node accounts are chosen by address. */
    account?: Address;
}

interface Announcement extends Event {
    detail?: { info?: { rdns?: unknown; name?: unknown }; provider?: Provider };
}

/** Calls `found` for each browser wallet: those that announce themselves (EIP-6963), else window.ethereum. */
export function discover(found: (connector: Connector) => void): void {
    let announced = 0;
    window.addEventListener("eip6963:announceProvider", (event) => {
        const { info, provider } = (event as Announcement).detail ?? {};
        if (!provider || typeof info?.rdns !== "string" || typeof info.name !== "string") return;
        announced += 1;
        found({ id: info.rdns, name: info.name.slice(0, 40), kind: "browser", provider });
    });
    window.dispatchEvent(new Event("eip6963:requestProvider"));
    const legacy = (window as { ethereum?: Provider }).ethereum;
    if (legacy && announced === 0) {
        found({ id: "window.ethereum", name: "Browser wallet", kind: "browser", provider: legacy });
    }
}

function priced(transaction: unknown, price: bigint): unknown {
    return { ...(transaction as object), gasPrice: numberToHex((price * 5n) / 4n) };
}

/** The funded accounts of a local chain; the node signs for them. */
export function nodeConnectors(config: Config, client: PublicClient): Connector[] {
    return config.accounts.map((account, number) => ({
        id: `node:${account.toLowerCase()}`,
        name: `Test account ${number}`,
        kind: "node",
        account,
        provider: {
            async request({ method, params }) {
                if (method === "eth_accounts" || method === "eth_requestAccounts") return [account];
                // A chain without a base fee refuses the fees that its own node proposes; the plain price is right.
                const price = method === "eth_sendTransaction" ? await client.getGasPrice() : null;
                const given = price === null ? params : [priced(params?.[0], price)];
                return client.request({ method, params: given } as never);
            },
        },
    }));
}
