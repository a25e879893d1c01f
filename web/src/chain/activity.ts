/** All events that the ledger is made of, since the vault's creation, followed block by block. */

import { effect, signal } from "@preact/signals";
import { liquidationAbi, vaultAbi } from "@generated/abi";
import type { PublicClient } from "viem";
import { EMPTY_LEDGER, fold, type Entry, type Ledger } from "../lib/ledger";
import type { Domain } from "./domain";
import { explain } from "./errors";
import { head } from "./head";
import { session, type Session } from "./session";

/** Null until everything up to the newest block was read once. */
export const ledger = signal<Ledger | null>(null);
/** Share of the blocks that the first reading is through. */
export const ledgerProgress = signal(0);
export const ledgerError = signal<string | null>(null);

/** Blocks of this age do not change any more; younger ones are read again with each block. */
const SETTLED = 64n;
const AGAIN = 256n;
const FIRST_CHUNK = 20_000n;

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
    let reader: Reader | null = null;
    let busy = false;

    async function refresh(open: Session): Promise<void> {
        if (busy) return;
        busy = true;
        for (let at = head.peek(); at && session.peek() === open;) {
            const started = at;
            if (reader?.session !== open) reader = new Reader(open);
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

/** Reads in chunks as large as the node takes. What is younger than SETTLED is never kept: a reorganisation undoes it. */
class Reader {
    private settled: Ledger = EMPTY_LEDGER;
    private next: bigint;
    private chunk = FIRST_CHUNK;

    constructor(readonly session: Session) {
        this.next = session.domain.deployedAt;
    }

    async upTo(newest: bigint): Promise<Ledger> {
        const { client, domain } = this.session;
        if (newest + 1n < this.next) {
            this.settled = EMPTY_LEDGER;
            this.next = domain.deployedAt;
        }
        if (newest - this.next > AGAIN) {
            const goal = newest - SETTLED;
            const first = this.next;
            while (this.next <= goal) {
                const last = this.next + this.chunk - 1n < goal ? this.next + this.chunk - 1n : goal;
                const entries = await this.read(client, domain, this.next, last);
                if (!entries) continue;
                this.settled = fold(this.settled, entries);
                this.next = last + 1n;
                ledgerProgress.value = Number(this.next - first) / Number(newest - first + 1n);
            }
        }
        const recent = await readEntries(client, domain, this.next, newest);
        ledgerProgress.value = 1;
        return fold(this.settled, recent);
    }

    /** Null where the node wants less at a time. */
    private async read(
        client: PublicClient,
        domain: Domain,
        from: bigint,
        to: bigint,
    ): Promise<Entry[] | null> {
        try {
            return await readEntries(client, domain, from, to);
        } catch (error) {
            if (this.chunk <= 1n) throw error;
            this.chunk /= 4n;
            if (this.chunk < 1n) this.chunk = 1n;
            return null;
        }
    }
}

async function readEntries(client: PublicClient, domain: Domain, from: bigint, to: bigint): Promise<Entry[]> {
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
