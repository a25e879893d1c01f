import assert from "node:assert/strict";
import { test } from "node:test";
import { changesOf, type Opening } from "../../../web/src/chain/limits";
import type { Asset } from "../../../web/src/chain/domain";
import {
    amountOf,
    boundOf,
    closing,
    distance,
    fillPrice,
    frontier,
    grid,
    groundOf,
    leverageOf,
    lossShare,
    priceImpact,
    tradeValue,
} from "../../../web/src/lib/leverage";
import { WAD } from "../../../web/src/lib/units";

const dollars = (amount: number) => BigInt(Math.round(amount * 100)) * (WAD / 100n);

test("a long of three times on margin in dollars spends three times the margin", () => {
    const ground = groundOf("long", 0n, 0n, dollars(10_000), false);
    assert.equal(tradeValue(ground, 3n * WAD), dollars(30_000));
    assert.equal(leverageOf(ground), 0n);
});

test("margin in the asset itself is position already", () => {
    const long = groundOf("long", 0n, 0n, dollars(10_000), true);
    assert.equal(tradeValue(long, 3n * WAD), dollars(20_000));
    assert.equal(leverageOf(long), WAD);
    const short = groundOf("short", 0n, 0n, dollars(10_000), true);
    assert.equal(
        tradeValue(short, 3n * WAD),
        dollars(40_000),
        "what is held is sold before anything is owed",
    );
});

test("a position that is there counts, and one of the other direction is turned round", () => {
    const raised = groundOf("long", dollars(10_000), dollars(20_000), 0n, false);
    assert.equal(leverageOf(raised), 2n * WAD);
    assert.equal(tradeValue(raised, 3n * WAD), dollars(10_000));
    assert.ok(tradeValue(raised, 2n * WAD) === 0n && tradeValue(raised, WAD) < 0n);
    const turned = groundOf("short", dollars(10_000), dollars(20_000), 0n, false);
    assert.equal(tradeValue(turned, WAD), dollars(30_000));
    assert.equal(leverageOf(groundOf("long", 0n, 0n, 0n, false)), null);
});

test("amounts come from dollars exactly, rounded down", () => {
    assert.equal(amountOf(dollars(2_000), 18, dollars(2_000)), WAD);
    assert.equal(amountOf(dollars(1), 6, WAD), 1_000_000n);
    assert.equal(amountOf(dollars(1), 8, dollars(30_000)), 3_333n);
});

test("the limit lies between the last leverage that passes and the first that does not", () => {
    const tried = grid(0n, 4n, 4);
    assert.deepEqual(tried, [1n, 2n, 3n, 4n]);
    assert.deepEqual(frontier(tried, [true, true, false, true]), { most: 2n, refused: 3n });
    assert.deepEqual(frontier(tried, [false, false, false, false]), { most: null, refused: 1n });
    assert.deepEqual(frontier(tried, [true, true, true, true]), { most: 4n, refused: null });
});

test("slippage bounds what is bought from below and what is paid from above", () => {
    assert.equal(boundOf(1_000_000n, WAD / 200n, false), 995_000n);
    assert.equal(boundOf(1_000_000n, WAD / 200n, true), 1_005_001n);
});

test("price impact compares with a small trade, in both kinds of quotes", () => {
    const sample = { amountIn: 100n, amountOut: 50n };
    assert.equal(priceImpact({ amountIn: 1_000n, amountOut: 490n }, sample), WAD / 50n);
    assert.equal(priceImpact({ amountIn: 1_000n, amountOut: 510n }, sample), 0n);
    assert.equal(priceImpact({ amountIn: 1_000n, amountOut: 490n }, null), 0n);
    assert.equal(lossShare(dollars(100), dollars(99)), WAD / 100n);
    assert.ok(lossShare(dollars(100), dollars(101)) < 0n);
    assert.equal(fillPrice(2n * WAD, 18, dollars(4_010)), dollars(2_005));
});

test("a long sells exactly what it holds, a short buys back a little more than it owes", () => {
    assert.deepEqual(closing(1_000_000n, WAD), { amount: 1_000_000n, exactOut: false });
    assert.deepEqual(closing(1_000_000n, WAD / 4n), { amount: 250_000n, exactOut: false });
    assert.deepEqual(closing(-2_000_000n, WAD), { amount: 2_000_003n, exactOut: true });
    assert.deepEqual(closing(-2_000_000n, WAD / 2n), { amount: 1_000_000n, exactOut: true });
    assert.equal(distance(dollars(2_000), dollars(1_500)), -WAD / 4n);
});

test("what is tried on the lens: the margin in, the sale out, the purchase in less its cost", () => {
    const asset = (symbol: string, id: number, decimals: number) =>
        ({ symbol, id, decimals, token: `0x${String(id).repeat(40)}` }) as unknown as Asset;
    const [usdc, weth] = [asset("USDC", 1, 6), asset("WETH", 2, 18)];
    const opening: Opening = {
        account: `0x${"11".repeat(32)}`,
        side: "short",
        asset: weth,
        against: usdc,
        ground: groundOf("short", 0n, 0n, dollars(10_000), false),
        margin: { asset: usdc, amount: 10_000_000_000n },
        assetPriceWad: dollars(2_000),
        againstPriceWad: WAD,
        costWad: WAD / 100n,
    };
    assert.deepEqual(changesOf(opening, 2n * WAD), [
        { token: usdc.token, amount: 10_000_000_000n },
        { token: weth.token, amount: -10n * WAD },
        { token: usdc.token, amount: 19_800_000_000n },
    ]);
});
