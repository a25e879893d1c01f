/** A matcher's book as its feed tells it: levels by price, numbered changes. */

export type Side = "buy" | "sell";

export interface Level {
    priceWad: bigint;
    sizeWad: bigint;
    /** Of all levels up to this one {units}. */
    totalWad: bigint;
}

export interface Book {
    session: string;
    sequence: number;
    buy: ReadonlyMap<bigint, bigint>;
    sell: ReadonlyMap<bigint, bigint>;
}

/** Best first: [price, size] as decimal text. */
export interface BookAnswer {
    session: string;
    sequence: number;
    bids: readonly (readonly [string, string])[];
    asks: readonly (readonly [string, string])[];
}

export interface FeedMessage {
    type: "book" | "trade" | "settlement";
    session: string;
    sequence: number;
    changes?: readonly (readonly [Side, string, string])[];
}

export function bookOf({ session, sequence, bids, asks }: BookAnswer): Book {
    const side = (levels: BookAnswer["bids"]) =>
        new Map(levels.map(([price, size]) => [BigInt(price), BigInt(size)]));
    return { session, sequence, buy: side(bids), sell: side(asks) };
}

/** The book after a message; null where one was missed, so that it has to be asked for anew. */
export function follow(book: Book, message: FeedMessage): Book | null {
    if (message.session !== book.session) return null;
    if (message.sequence <= book.sequence) return book;
    if (message.sequence !== book.sequence + 1) return null;
    const sides = { buy: new Map(book.buy), sell: new Map(book.sell) };
    for (const [side, price, size] of message.changes ?? []) {
        if (BigInt(size) === 0n) sides[side].delete(BigInt(price));
        else sides[side].set(BigInt(price), BigInt(size));
    }
    return { ...book, ...sides, sequence: message.sequence };
}

/** The best levels of a side, best first, with running totals. */
export function levelsOf(book: Book, side: Side, count: number): Level[] {
    const sign = side === "buy" ? -1 : 1;
    const sorted = [...book[side]].sort(([a], [b]) => (a < b ? -sign : sign)).slice(0, count);
    let total = 0n;
    return sorted.map(([priceWad, sizeWad]) => {
        total += sizeWad;
        return { priceWad, sizeWad, totalWad: total };
    });
}
