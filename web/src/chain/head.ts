/** The chain's newest block and how the chain is: live, stale, down, or another one than was deployed on. */

import { signal } from "@preact/signals";
import { createPublicClient, webSocket, type Hex, type PublicClient } from "viem";
import type { Config } from "./config";

export interface Head {
    number: bigint;
    hash: Hex;
    timestamp: bigint;
}

export type ChainStatus =
    | { kind: "connecting" }
    | { kind: "live" }
    | { kind: "stale"; seconds: number }
    | { kind: "down"; reason: string }
    | { kind: "foreign"; chainId: number };

export const head = signal<Head | null>(null);
export const chainStatus = signal<ChainStatus>({ kind: "connecting" });
/** Seconds of the chain's clock, which goes on between blocks. */
export const clock = signal(0);

const POLL_MS = 1_000;
const HIDDEN_POLL_MS = 10_000;
const WEBSOCKET_POLL_MS = 5_000;
/** A public chain whose newest block is older than this has a node that lags. */
const STALE_SECONDS = 120;
/** One lost answer is no outage. */
const FAILURES = 2;
const SILENT = "does not answer in time";

/** Watches until the page is left. A websocket, where there is one, only says that it is time to look. */
export function watchHead(client: PublicClient, config: Config): void {
    let failures = 0;
    let timer = 0;
    let looking = false;
    // A test chain mines when it is asked to; only its next block tells what time it is.
    const isLocal = config.accounts.length > 0;

    async function look(): Promise<void> {
        if (looking) return;
        looking = true;
        window.clearTimeout(timer);
        try {
            const [chainId, block, next] = await Promise.all([
                client.getChainId(),
                client.getBlock({ blockTag: "latest" }),
                isLocal ? client.getBlock({ blockTag: "pending" }) : null,
            ]);
            failures = 0;
            if (chainId !== config.chainId) {
                chainStatus.value = { kind: "foreign", chainId };
            } else {
                accept({ number: block.number, hash: block.hash, timestamp: block.timestamp });
                clock.value = Number(next?.timestamp ?? block.timestamp) + (next ? 0 : sinceAccepted());
                chainStatus.value = statusOf(block.timestamp, config);
            }
        } catch (error) {
            failures += 1;
            const reason = reasonOf(error);
            if (failures >= FAILURES || head.value === null || reason === SILENT) {
                chainStatus.value = { kind: "down", reason };
            }
        }
        looking = false;
        const pause = config.websocket ? WEBSOCKET_POLL_MS : POLL_MS;
        timer = window.setTimeout(look, document.hidden ? HIDDEN_POLL_MS : pause);
    }

    document.addEventListener("visibilitychange", () => {
        if (!document.hidden) void look();
    });
    if (config.websocket) {
        const socket = createPublicClient({ transport: webSocket(config.websocket) });
        socket.watchBlockNumber({ onBlockNumber: () => void look(), onError: () => void look() });
    }
    void look();
}

let acceptedAt = 0;

function accept(next: Head): void {
    if (head.value?.hash === next.hash) return;
    head.value = next;
    acceptedAt = Date.now();
}

function sinceAccepted(): number {
    return Math.floor((Date.now() - acceptedAt) / 1_000);
}

function statusOf(timestamp: bigint, config: Config): ChainStatus {
    const seconds = Math.floor(Date.now() / 1_000) - Number(timestamp);
    return config.accounts.length === 0 && seconds > STALE_SECONDS
        ? { kind: "stale", seconds }
        : { kind: "live" };
}

function reasonOf(error: unknown): string {
    const text = String((error as { shortMessage?: string }).shortMessage ?? (error as Error).message);
    return /timed out|took too long/i.test(text) ? SILENT : "does not answer";
}
