// Perpetuals: the book as the feed tells it, signed orders, and the page's own arithmetic.

import assert from "node:assert/strict";
import { test } from "node:test";
import { hashTypedData } from "viem";
import { bookOf, follow, levelsOf, type FeedMessage } from "../../../web/src/lib/book";
import {
    FILL_OR_KILL,
    flagWords,
    orderFields,
    POST_ONLY,
    REDUCE_ONLY,
    timedNonce,
    triggerOf,
    typedOrder,
    type OrderWish,
} from "../../../web/src/lib/orders";
import { feeOf, priceWithin, quoteToUsd, reducing, toCents } from "../../../web/src/lib/perps";
import { WAD } from "../../../web/src/lib/units";

const BOOK = bookOf({
    session: "a",
    sequence: 4,
    bids: [
        ["1990", "5"],
        ["1980", "7"],
    ],
    asks: [
        ["2010", "2"],
        ["2020", "3"],
    ],
});
const change = (sequence: number, changes: FeedMessage["changes"], session = "a"): FeedMessage => ({
    ...{ type: "book", session, sequence, changes },
});

test("levels are best first with running totals", () => {
    assert.deepEqual(levelsOf(BOOK, "buy", 9), [
        { priceWad: 1990n, sizeWad: 5n, totalWad: 5n },
        { priceWad: 1980n, sizeWad: 7n, totalWad: 12n },
    ]);
    assert.deepEqual(
        levelsOf(BOOK, "sell", 1).map(({ priceWad }) => priceWad),
        [2010n],
    );
});

test("a change sets, adds and removes levels, and leaves the book before as it was", () => {
    const next = follow(
        BOOK,
        change(5, [
            ["buy", "1990", "0"],
            ["buy", "1985", "1"],
            ["sell", "2010", "9"],
        ]),
    )!;
    assert.deepEqual(
        levelsOf(next, "buy", 9).map(({ priceWad }) => priceWad),
        [1985n, 1980n],
    );
    assert.equal(next.sell.get(2010n), 9n);
    assert.equal(next.sequence, 5);
    assert.equal(BOOK.buy.get(1990n), 5n);
});

test("what is known is passed over; what was missed, or another session, asks for the book anew", () => {
    assert.equal(follow(BOOK, change(4, [["buy", "1990", "0"]])), BOOK);
    assert.equal(follow(BOOK, change(6, [])), null);
    assert.equal(follow(BOOK, change(5, [], "b")), null);
    assert.equal(follow(BOOK, { type: "trade", session: "a", sequence: 5 })?.sequence, 5);
});

const WISH: OrderWish = {
    kind: "stop",
    account: `0x${"11".repeat(20)}${"00".repeat(12)}`,
    market: "0x2222222222222222222222222222222222222222",
    signer: "0x1111111111111111111111111111111111111111",
    sizeWad: -3n * WAD,
    limitWad: 1_900n * WAD,
    triggerWad: 1_950n * WAD,
    expiry: 1_800_000_000,
    nonce: 7n,
    flags: REDUCE_ONLY,
    maxFeeWad: WAD / 2_000n,
    tip: 1_000_000n,
};

// Of the same order by scripts.matcher.orders.
const HASH = "0x348b9356320a23bc0ce80c0534899d88707588c385b52f86002e67f659aba48a";

test("stops wake against the position, profit is taken with it", () => {
    assert.equal(triggerOf("limit", true), 0);
    assert.deepEqual([triggerOf("stop", true), triggerOf("stop", false)], [1, 2]);
    assert.deepEqual([triggerOf("profit", true), triggerOf("profit", false)], [2, 1]);
});

test("a limit order carries neither trigger nor tip", () => {
    const fields = orderFields({ ...WISH, kind: "limit" });
    assert.deepEqual([fields.trigger, fields.triggerPriceWad, fields.tip], ["0", "0", "0"]);
});

test("what is signed has the hash that the matcher's reader gives", () => {
    const typed = typedOrder(31_337, "0x3333333333333333333333333333333333333333", orderFields(WISH));
    const { EIP712Domain: _, ...types } = typed.types as Record<string, never>;
    const hash = hashTypedData({ ...typed, types } as never);
    assert.equal(hash, HASH);
});

test("flags in words", () => {
    assert.deepEqual(flagWords(REDUCE_ONLY | FILL_OR_KILL), ["reduce-only", "fill or kill"]);
    assert.deepEqual(flagWords(POST_ONLY), ["post-only"]);
    assert.deepEqual(flagWords(0), []);
});

test("arithmetic", () => {
    assert.equal(quoteToUsd(-5n * WAD * WAD), -5n * WAD);
    assert.equal(reducing(3n, -5n), -3n);
    assert.equal(reducing(-3n, 2n), 2n);
    assert.equal(reducing(3n, 2n), 0n);
    assert.equal(reducing(0n, 2n), 0n);
    assert.equal(feeOf(-2n * WAD, 2_000n * WAD, WAD / 1_000n), 4n * WAD);
    assert.equal(toCents(1_234_567n * (WAD / 1_000n)), 123_456n * (WAD / 100n));
});

test("a price within what the market takes", () => {
    const mark = 2_000n * WAD;
    const tenth = WAD / 10n;
    assert.equal(priceWithin(1_990n * WAD, mark, tenth), 1_990n * WAD);
    assert.equal(priceWithin(1_000n * WAD, mark, tenth), 1_810n * WAD);
    assert.equal(priceWithin(9_000n * WAD, mark, tenth), 2_190n * WAD);
});

test("every order has a nonce of its own, above all that are called off", () => {
    assert.equal(timedNonce(5n, 1_000), 1_000_000n);
    const far = 2n ** 200n;
    const [first, second] = [timedNonce(far, 1_000), timedNonce(far, 1_001)];
    assert.ok(far <= first && first < second);
});
