/** What the console's own server says: which node to talk to and what is deployed there. */

import type { Address, Hex } from "viem";

export interface Config {
    chainId: number;
    rpc: string;
    websocket: string | null;
    /** Accounts that a local node holds and signs for. */
    accounts: Address[];
    /** The order book of perpetuals on this machine; null where pages ask none. */
    matcher: string | null;
}

export interface Deployment {
    chainId: number;
    genesis: Hex;
    domain: string;
    /** Block of the vault's creation; no account is older. */
    deployedAt: number;
    wrappedNative: Address | null;
    contracts: Readonly<Record<string, Address>>;
}

export const loadConfig = () => load<Config>("/config.json");
export const loadDeployment = () => load<Deployment>("/deployment.json");

async function load<T>(path: string): Promise<T> {
    let response: Response;
    try {
        response = await fetch(path, { cache: "no-store" });
    } catch {
        throw new Error("The console's server has ended. Start it again with `keel console`, then reload.");
    }
    const content: unknown = await response.json().catch(() => null);
    if (response.ok && content !== null) return content as T;
    const reason = (content as { error?: string } | null)?.error;
    throw new Error(reason ?? `The console's server answered ${path} with ${response.status}.`);
}
