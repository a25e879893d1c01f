// Offers as text, and the points of a margin grid.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
    heatMap,
    legsValue,
    offerText,
    payoffAt,
    readOffer,
    scenarioOf,
    sortedLegs,
} from "../../../web/src/lib/options.ts";

const WAD = 10n ** 18n;
const CONTRACT = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
const OFFER = {
    order: {
        account: `0x${"11".repeat(20)}${"00".repeat(12)}`,
        market: CONTRACT,
        signer: "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
        legs: [
            { series: 7n, ratio: 1n },
            { series: 9n, ratio: -2n },
        ],
        unitsWad: -3n * WAD,
        limitPremiumWad: -5n * WAD,
        expiry: 1_800_000_000n,
        nonce: 1_234n,
        flags: 4n,
        maxFeeWad: WAD / 1_000n,
    },
    signature: `0x${"ab".repeat(65)}`,
} as const;

test("an offer is read as it was written", () => {
    const text = offerText(31_337, CONTRACT, OFFER);
    assert.deepEqual(readOffer(text, 31_337, CONTRACT), OFFER);
    assert.deepEqual(JSON.parse(text).order.legs, [
        ["7", "1"],
        ["9", "-2"],
    ]);
});

test("what is no offer here is refused in words", () => {
    const text = offerText(31_337, CONTRACT, OFFER);
    assert.throws(() => readOffer("{", 31_337, CONTRACT), /no JSON/);
    assert.throws(() => readOffer("{}", 31_337, CONTRACT), /no offer/);
    assert.throws(() => readOffer(text, 1, CONTRACT), /for chain 31337/);
    assert.throws(() => readOffer(text, 31_337, OFFER.order.signer), /another deployment/);
    assert.throws(() => readOffer(text.replace('"1234"', '"x"'), 31_337, CONTRACT), /A number/);
});

test("legs ascend and are worth what their series are", () => {
    assert.deepEqual(
        sortedLegs([...OFFER.order.legs].reverse()).map(({ series }) => series),
        [7n, 9n],
    );
    assert.equal(
        legsValue(OFFER.order.legs, (series) => series * 10n),
        70n - 180n,
    );
    assert.deepEqual([payoffAt(90, 100, true), payoffAt(90, 100, false)], [0, 10]);
});

test("the grid has its moves in order and its worst point marked", () => {
    const word = (spot: bigint, volatility: bigint, weight = WAD) =>
        (BigInt.asUintN(96, spot) << 160n) | (BigInt.asUintN(96, volatility) << 64n) | weight;
    const [down, up, calm] = [-WAD / 5n, WAD / 5n, WAD / 4n];
    assert.deepEqual(scenarioOf(word(down, -calm)), {
        spotWad: down,
        volatilityWad: -calm,
        weightWad: WAD,
    });
    const words = [
        word(3n * down, calm, WAD / 4n),
        word(down, -calm),
        word(down, calm),
        word(up, -calm),
        word(up, calm),
        word(3n * up, calm, 0n),
    ];
    const map = heatMap(words, [-40n, -10n, -50n, 30n, 20n, 0n]);
    assert.deepEqual(
        map.columns.map(({ spotWad, isTail }) => [spotWad, isTail]),
        [
            [3n * down, true],
            [down, false],
            [up, false],
        ],
    );
    assert.equal(map.worst, 2);
    assert.deepEqual(
        map.rows.map(({ cells }) => cells.map((cell) => cell?.changeWad)),
        [
            [-40n, -50n, 20n],
            [undefined, -10n, 30n],
        ],
    );
});
