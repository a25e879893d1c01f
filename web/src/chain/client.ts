/** The node: one client, whose calls of the same moment leave as one JSON-RPC batch. */

import { createPublicClient, defineChain, http, type PublicClient } from "viem";
import type { Config } from "./config";

const TIMEOUT_MS = 8_000;
const BATCH_SIZE = 300;

export function createClient(config: Config): PublicClient {
    return createPublicClient({
        chain: chainOf(config),
        transport: http(config.rpc, {
            batch: { batchSize: BATCH_SIZE, wait: 4 },
            // Failures are shown at once and tried again with the next block.
            retryCount: 0,
            timeout: TIMEOUT_MS,
        }),
        cacheTime: 0,
    });
}

export function chainOf(config: Config) {
    return defineChain({
        id: config.chainId,
        name: chainName(config.chainId),
        nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
        rpcUrls: { default: { http: [config.rpc] } },
    });
}

const NAMES: Readonly<Record<number, string>> = {
    1: "Ethereum",
    10: "OP Mainnet",
    8453: "Base",
    42161: "Arbitrum One",
    11155111: "Sepolia",
    31337: "Local chain",
};

export function chainName(chainId: number): string {
    return NAMES[chainId] ?? `Chain ${chainId}`;
}
