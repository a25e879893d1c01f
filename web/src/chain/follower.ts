/** Events since the deployment, folded into one state and followed block by block. */

import type { Session } from "./session";

/** Blocks of this age do not change any more; younger ones are read again with each block. */
const SETTLED = 64n;
const AGAIN = 256n;
const FIRST_CHUNK = 20_000n;

interface Work<State, Entry> {
    empty: State;
    read: (session: Session, from: bigint, to: bigint) => Promise<Entry[]>;
    fold: (state: State, entries: readonly Entry[]) => State;
    /** Told how far the first reading is, as a share of the blocks. */
    onProgress?: (share: number) => void;
}

/** Reads in chunks as large as the node takes. What is younger than SETTLED is never kept: a reorganisation undoes it. */
export class Follower<State, Entry> {
    private settled: State;
    private next: bigint;
    private chunk = FIRST_CHUNK;
    private reading: Promise<unknown> = Promise.resolve();

    constructor(
        readonly session: Session,
        private readonly work: Work<State, Entry>,
    ) {
        this.settled = work.empty;
        this.next = session.domain.deployedAt;
    }

    /** The state at a block. One reading at a time: two would fold the same events twice. */
    upTo(newest: bigint): Promise<State> {
        const next = this.reading.catch(() => undefined).then(() => this.readUpTo(newest));
        this.reading = next;
        return next;
    }

    private async readUpTo(newest: bigint): Promise<State> {
        const { fold, read, onProgress } = this.work;
        if (newest + 1n < this.next) {
            this.settled = this.work.empty;
            this.next = this.session.domain.deployedAt;
        }
        if (newest - this.next > AGAIN) {
            const goal = newest - SETTLED;
            const first = this.next;
            while (this.next <= goal) {
                const last = this.next + this.chunk - 1n < goal ? this.next + this.chunk - 1n : goal;
                const entries = await this.piece(this.next, last);
                if (!entries) continue;
                this.settled = fold(this.settled, entries);
                this.next = last + 1n;
                onProgress?.(Number(this.next - first) / Number(newest - first + 1n));
            }
        }
        const recent = await read(this.session, this.next, newest);
        onProgress?.(1);
        return fold(this.settled, recent);
    }

    /** Null where the node wants less at a time. */
    private async piece(from: bigint, to: bigint): Promise<Entry[] | null> {
        try {
            return await this.work.read(this.session, from, to);
        } catch (error) {
            if (this.chunk <= 1n) throw error;
            this.chunk /= 4n;
            if (this.chunk < 1n) this.chunk = 1n;
            return null;
        }
    }
}
