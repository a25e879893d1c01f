/** The order book of perpetuals: a program on this machine. Without it the pages go on, and say so. */

import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { isAddressEqual, type Address, type Hex } from "viem";
import { bookOf, follow, type Book, type BookAnswer, type FeedMessage } from "../lib/book";
import type { CancelFields, OrderFields } from "../lib/orders";
import type { Perp } from "./domain";
import { head } from "./head";
import { session, type Session } from "./session";

export type MatcherStatus =
    | { kind: "connecting" }
    | { kind: "live" }
    /** None is named, it does not answer, or it is one of another chain or contract. */
    | { kind: "absent"; reason: string };

export type OrderStatus = "open" | "waiting" | "matched" | "filled" | "cancelled" | "expired" | "dropped";

/** An order as the matcher has it; amounts are decimal text {units}. */
export interface PlacedOrder extends OrderFields {
    hash: Hex;
    status: OrderStatus;
    /** Why it was dropped. */
    reason: string;
    filled: string;
    pending: string;
    open: string;
    sequence: number;
}

export const matcherStatus = signal<MatcherStatus>({ kind: "connecting" });
/** The book of the market that is looked at. */
export const book = signal<Book | null>(null);
/** Changes whenever the matcher tells of something that may concern an account's orders. */
const told = signal(0);

const RETRY_MS = 2_000;
const ORDERS_MS = 2_000;
const TIMEOUT_MS = 8_000;
const DEPTH = 200;

/** Keeps `book` and `matcherStatus` at what the matcher says while the component is there. */
export function useMatcher(perp: Perp): void {
    const open = session.value;
    useEffect(() => {
        if (!open) return;
        book.value = null;
        matcherStatus.value = { kind: "connecting" };
        const connection = new Connection(open, perp);
        return () => connection.close();
    }, [open, perp.market]);
}

/** An account's orders, youngest first; undefined until they are there. */
export function useOrders(account: Hex | null): PlacedOrder[] | undefined {
    const [state, setState] = useState<{ account: Hex | null; orders?: PlacedOrder[] }>({ account });
    const [round, setRound] = useState(0);
    const live = matcherStatus.value.kind === "live";
    const block = head.value?.hash;
    const changes = told.value;
    useEffect(() => {
        const timer = window.setInterval(() => setRound((old) => old + 1), ORDERS_MS);
        return () => window.clearInterval(timer);
    }, []);
    useEffect(() => {
        if (!account || !live) return;
        let left = false;
        ask<{ orders: PlacedOrder[] }>(`/orders?account=${account}`).then(
            ({ orders }) => left || setState({ account, orders }),
            () => undefined, // the connection itself finds out and says so
        );
        return () => {
            left = true;
        };
    }, [account, live, block, changes, round]);
    return state.account === account ? state.orders : undefined;
}

/** What became of an order that was handed in. */
export interface Receipt {
    hash: Hex;
    status: OrderStatus;
    reason: string;
}

/** Raises an Error with the matcher's own sentence where it refuses. */
export async function placeOrder(order: OrderFields, signature: Hex): Promise<Receipt> {
    const placed = await ask<Receipt>("/orders", { ...order, signature });
    told.value += 1;
    return placed;
}

export async function cancelOrders(request: CancelFields, signature: Hex): Promise<void> {
    await ask("/cancel", { ...request, signature });
    told.value += 1;
}

class Connection {
    private socket: WebSocket | null = null;
    private timer = 0;
    private closed = false;

    constructor(
        private readonly open: Session,
        private readonly perp: Perp,
    ) {
        void this.begin();
    }

    close(): void {
        this.closed = true;
        window.clearTimeout(this.timer);
        this.socket?.close();
    }

    private async begin(): Promise<void> {
        const { config, domain } = this.open;
        if (!config.matcher || !domain.orders) {
            matcherStatus.value = {
                kind: "absent",
                reason: "This console was started without one; name it by --matcher.",
            };
            return;
        }
        try {
            const found = await ask<{ chainId: number; contract: Address }>("/status");
            if (found.chainId !== config.chainId || !isAddressEqual(found.contract, domain.orders)) {
                throw new Error(`The one at ${config.matcher} settles elsewhere; start one for this chain.`);
            }
        } catch (error) {
            this.later((error as Error).message);
            return;
        }
        if (this.closed) return;
        const socket = new WebSocket(`${config.matcher.replace(/^http/, "ws")}/ws`);
        this.socket = socket;
        socket.onopen = () => this.subscribe();
        socket.onmessage = ({ data }) => this.hear(JSON.parse(String(data)) as Message);
        socket.onclose = () => this.later(silent(config.matcher!));
    }

    private later(reason: string): void {
        if (this.closed) return;
        book.value = null;
        matcherStatus.value = { kind: "absent", reason };
        this.timer = window.setTimeout(() => void this.begin(), RETRY_MS);
    }

    private subscribe(): void {
        this.socket?.send(JSON.stringify({ id: 1, op: "subscribe", market: this.perp.market, depth: DEPTH }));
    }

    private hear(message: Message): void {
        if (this.closed) return;
        if (message.error) {
            matcherStatus.value = { kind: "absent", reason: message.error.message };
        } else if (message.book) {
            book.value = bookOf(message.book);
            matcherStatus.value = { kind: "live" };
        } else if (message.type && book.value) {
            const next = follow(book.value, message as FeedMessage);
            if (next) book.value = next;
            else this.subscribe();
            told.value += 1;
        }
    }
}

interface Message extends Partial<FeedMessage> {
    book?: BookAnswer;
    error?: { message: string };
}

async function ask<T>(path: string, body?: object): Promise<T> {
    const url = session.peek()?.config.matcher;
    if (!url) throw new Error("There is no matcher.");
    let response: Response;
    try {
        response = await fetch(url + path, {
            ...(body ? { method: "POST", body: JSON.stringify(body) } : {}),
            cache: "no-store",
            signal: AbortSignal.timeout(TIMEOUT_MS),
        });
    } catch {
        throw new Error(silent(url));
    }
    const content = (await response.json().catch(() => null)) as (T & { error?: { message: string } }) | null;
    if (response.ok && content !== null) return content;
    const reason = content?.error?.message ?? `${url} answered with ${response.status}`;
    throw new Error(`The matcher refused: ${reason}.`);
}

function silent(url: string): string {
    return `None answers at ${url}. Start one with \`python -m scripts.matcher\`.`;
}
