/** All events that the ledger is made of, since the vault's creation, followed block by block. */

import { effect, signal } from "@preact/signals";
import { liquidationAbi, vaultAbi } from "@generated/abi";
import { EMPTY_LEDGER, fold, type Entry, type Ledger } from "../lib/ledger";
import { explain } from "./errors";
import { Follower } from "./follower";
import { head } from "./head";
import { session, type Session } from "./session";

/** Null until everything up to the newest block was read once. */
export const ledger = signal<Ledger | null>(null);
/** Share of the blocks that the first reading is through. */
export const ledgerProgress = signal(0);
export const ledgerError = signal<string | null>(null);

const NAMES: ReadonlySet<string> = new Set([
    ...["Deposited", "Transferred", "OperatorSet", "Liquidated", "DebtWrittenOff", "ShortfallCovered"],
    ...["AccountFlagged", "AccountUnflagged", "AccountWrittenOff"],
]);
const EVENTS = [...vaultAbi, ...liquidationAbi].filter(
    (entry) => entry.type === "event" && NAMES.has(entry.name),
);

let watching = false;

/** Keeps `ledger` at the newest block from now on; again is harmless. */
export function watchActivity(): void {
    if (watching) return;
    watching = true;
    let reader: Follower<Ledger, Entry> | null = null;
    let busy = false;

    async function refresh(open: Session): Promise<void> {
        if (busy) return;
        busy = true;
        for (let at = head.peek(); at && session.peek() === open;) {
            const started = at;
            if (reader?.session !== open) reader = followerOf(open);
            try {
                const next = await reader.upTo(started.number);
                if (session.peek() === open) ledger.value = next;
                ledgerError.value = null;
            } catch (error) {
                ledgerError.value = explain(error);
                break;
            }
            at = head.peek()?.hash === started.hash ? null : head.peek();
        }
        busy = false;
    }

    effect(() => {
        const open = session.value;
        if (!open) {
            ledger.value = null;
            ledgerProgress.value = 0;
        } else if (head.value) void refresh(open);
    });
}

function followerOf(open: Session): Follower<Ledger, Entry> {
    const onProgress = (share: number) => (ledgerProgress.value = share);
    return new Follower(open, { empty: EMPTY_LEDGER, read: readEntries, fold, onProgress });
}

async function readEntries({ client, domain }: Session, from: bigint, to: bigint): Promise<Entry[]> {
    const logs = await client.getLogs({
        address: [domain.vault, domain.liquidation],
        events: EVENTS as never,
        fromBlock: from,
        toBlock: to,
        strict: true,
    });
    return (logs as unknown as Decoded[]).map((log) => ({
        name: log.eventName,
        args: log.args,
        block: log.blockNumber,
        time: Number(log.blockTimestamp ?? 0n),
        transaction: log.transactionHash,
        place: log.logIndex,
    }));
}

interface Decoded {
    eventName: string;
    args: Readonly<Record<string, unknown>>;
    blockNumber: bigint;
    blockTimestamp?: bigint;
    transactionHash: Entry["transaction"];
    logIndex: number;
}
