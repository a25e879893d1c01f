import assert from "node:assert/strict";
import { test } from "node:test";
import { spread } from "../../../web/src/chain/history";
import { lendersRate } from "../../../web/src/chain/markets";
import { phaseOf } from "../../../web/src/lib/exit";

test("an exit opens on its first second, closes after its last", () => {
    const exit = { shares: 5n, opensAt: 1_000, closesAt: 1_100 };
    assert.deepEqual(phaseOf(exit, 999), { kind: "cooling", seconds: 1 });
    assert.deepEqual(phaseOf(exit, 1_000), { kind: "open", seconds: 100 });
    assert.deepEqual(phaseOf(exit, 1_100), { kind: "open", seconds: 0 });
    assert.deepEqual(phaseOf(exit, 1_101), { kind: "expired" });
    assert.deepEqual(phaseOf({ ...exit, shares: 0n }, 1_050), { kind: "none" });
});

test("lenders earn the interest on what is lent, less the reserve's share", () => {
    assert.equal(lendersRate(1_000n, 50n, 100n, 10n ** 17n), 450n);
    assert.equal(lendersRate(1_000n, 0n, 0n, 10n ** 17n), 0n);
});

test("history samples at most forty blocks, first and last among them", () => {
    assert.deepEqual(spread(5n, 8n), [5n, 6n, 7n, 8n]);
    assert.deepEqual(spread(9n, 9n), [9n]);
    assert.deepEqual(spread(9n, 3n), []);
    const many = spread(100n, 1_000_000n);
    assert.equal(many.length, 40);
    assert.equal(many[0], 100n);
    assert.equal(many.at(-1), 1_000_000n);
});
