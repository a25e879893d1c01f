import assert from "node:assert/strict";
import { test } from "node:test";
import { vaultAbi } from "../../../build/web-src/abi";
import { decodeFunctionData } from "viem";
import { batch, deposit, swap, withdraw, ALL } from "../../../web/src/chain/calls";
import type { Asset, Domain } from "../../../web/src/chain/domain";
import { encodePath, pathsBetween, type Edge } from "../../../web/src/lib/paths";
import { timeTicks } from "../../../web/src/lib/ticks";

const [A, B, C, D] = [0, 1, 2, 3];
const EDGES: Edge[] = [
    { one: A, other: B, fee: 500 },
    { one: B, other: C, fee: 100 },
    { one: A, other: C, fee: 3_000 },
    { one: C, other: D, fee: 500 },
];
const token = (id: number) => `0x${String(id + 1).repeat(40)}` as const;
const OWNER = "0x9999999999999999999999999999999999999999";
const ACCOUNT = `${OWNER}${"0".repeat(24)}` as const;

test("direct ways come before those over another asset", () => {
    assert.deepEqual(pathsBetween(EDGES, A, C), [
        { assets: [A, C], fees: [3_000] },
        { assets: [A, B, C], fees: [500, 100] },
    ]);
});

test("three pools are a way only where there is none shorter, and none passes an asset twice", () => {
    const chain = EDGES.filter(({ fee }) => fee !== 3_000);
    assert.deepEqual(pathsBetween(chain, A, D), [{ assets: [A, B, C, D], fees: [500, 100, 500] }]);
    assert.equal(pathsBetween(EDGES, A, D).length, 1);
    assert.deepEqual(pathsBetween(EDGES.slice(0, 1), A, D), []);
});

test("a path is packed as token, fee, token; reversed for what is bought", () => {
    const path = { assets: [A, B, C], fees: [500, 100] };
    const hex = (id: number) => token(id).slice(2);
    assert.equal(encodePath(path, token), `0x${hex(A)}0001f4${hex(B)}000064${hex(C)}`);
    assert.equal(encodePath(path, token, true), `0x${hex(C)}000064${hex(B)}0001f4${hex(A)}`);
});

test("a batch of several operations is one execute, a single one goes alone", () => {
    const assets = [A, B].map((id) => ({ id, token: token(id) }) as unknown as Asset);
    const domain = { vault: token(7), adapter: token(8), assets } as unknown as Domain;
    const [sell, buy] = assets as [Asset, Asset];
    const alone = batch(domain, [deposit(ACCOUNT, sell, 5n)], 7n);
    assert.deepEqual([alone.to, alone.value], [token(7), 7n]);
    assert.deepEqual(decodeFunctionData({ abi: vaultAbi, data: alone.data }), {
        functionName: "deposit",
        args: [ACCOUNT, token(A), 5n],
    });

    const path = { assets: [A, B], fees: [500] };
    const order = { sell, buy, amount: 9n, exactOut: true, limit: 10n, path, maxLossWad: 3n };
    const both = batch(domain, [swap(domain, ACCOUNT, order), withdraw(ACCOUNT, buy, ALL, OWNER)]);
    const outer = decodeFunctionData({ abi: vaultAbi, data: both.data });
    assert.equal(outer.functionName, "execute");
    const [first, second] = (outer.args as [[`0x${string}`, `0x${string}`]])[0];
    assert.deepEqual(decodeFunctionData({ abi: vaultAbi, data: first }).args, [
        ACCOUNT,
        {
            ...{
                adapter: token(8),
                assetIn: token(A),
                assetOut: token(B),
                exactOut: true,
                amount: 9n,
                limit: 10n,
            },
            ...{ maxLossWad: 3n, route: encodePath(path, token) },
        },
    ]);
    assert.deepEqual(decodeFunctionData({ abi: vaultAbi, data: second }).args, [
        ACCOUNT,
        token(B),
        ALL,
        OWNER,
    ]);
});

test("ticks of a time axis are as exact as its length asks for", () => {
    const noon = 1_767_268_800;
    assert.match(timeTicks(noon, noon + 60)(noon), /^\d\d:\d\d:00$/);
    assert.match(timeTicks(noon, noon + 7_200)(noon), /^\d\d:\d\d$/);
    assert.match(timeTicks(noon, noon + 14 * 86_400)(noon), /^1 Jan$/);
});
