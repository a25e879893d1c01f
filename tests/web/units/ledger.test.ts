import assert from "node:assert/strict";
import { test } from "node:test";
import type { Address, Hex } from "viem";
import { accountId } from "../../../web/src/lib/account";
import {
    accountsOf,
    EMPTY_LEDGER,
    fold,
    healthThen,
    nextIndex,
    operatedBy,
    premiumOf,
    spread,
    type Entry,
} from "../../../web/src/lib/ledger";
import { WAD } from "../../../web/src/lib/units";
import { checkAddress } from "../../../web/src/ui/address-field";

const OWNER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const OTHER = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";
const TOKEN = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
const [FIRST, SECOND, STRANGE] = [accountId(OWNER), accountId(OWNER, 1n), accountId(OTHER)];

let count = 0;
function entry(name: string, args: Record<string, unknown>, block = 5n): Entry {
    count += 1;
    return { name, args, block, time: 1_700_000_000, transaction: `0x${count}` as Hex, place: count };
}

const takeover = (account: Hex, block = 7n) =>
    entry(
        "Liquidated",
        {
            ...{ account, into: STRANGE, caller: OTHER, fractionWad: WAD / 2n, payment: 480_000_000n },
            ...{ backstopFee: 5_000_000n, topUp: 0n, equity: 1_000n * WAD, requirement: 1_250n * WAD },
        },
        block,
    );

test("accounts are found by what they received; the first one is there before it is used", () => {
    const ledger = fold(EMPTY_LEDGER, [
        entry("Deposited", { account: STRANGE, token: TOKEN }),
        entry("Transferred", { from: FIRST, to: SECOND, token: TOKEN }),
    ]);
    assert.deepEqual(accountsOf(ledger, OWNER), [FIRST, SECOND]);
    assert.deepEqual(accountsOf(EMPTY_LEDGER, OWNER), [FIRST]);
    assert.equal(nextIndex([FIRST, SECOND]), 2n);
    assert.equal(nextIndex([accountId(OWNER, 1n)]), 0n);
    assert.equal(EMPTY_LEDGER.accounts.size, 0, "folding changes nothing that was there");
});

test("the last word about an operator counts, and an expiry ends him", () => {
    const set = (account: Hex, newExpiry: bigint) =>
        entry("OperatorSet", { account, operator: OTHER, newExpiry });
    const ledger = fold(EMPTY_LEDGER, [
        set(FIRST, 100n),
        set(SECOND, 100n),
        set(SECOND, 0n),
        set(FIRST, 200n),
    ]);
    assert.deepEqual([...ledger.operators.get(FIRST)!], [[OTHER, 200n]]);
    assert.equal(ledger.operators.get(SECOND)!.size, 0);
    assert.deepEqual(operatedBy(ledger, OTHER.toLowerCase() as Address, 200), [FIRST]);
    assert.deepEqual(operatedBy(ledger, OTHER, 201), []);
});

test("a flag goes with the takeover, the write-off or the recovery", () => {
    const flag = (account: Hex) => entry("AccountFlagged", { account, shortfallWad: 5n, backstopPart: 1n });
    const flagged = fold(EMPTY_LEDGER, [flag(FIRST), flag(SECOND), flag(STRANGE)]);
    assert.equal(flagged.flags.get(FIRST)?.shortfallWad, 5n);
    const ended = fold(flagged, [
        takeover(FIRST),
        entry("AccountUnflagged", { account: SECOND }),
        entry("AccountWrittenOff", { account: STRANGE, covered: 0n }),
    ]);
    assert.equal(ended.flags.size, 0);
    assert.equal(flagged.flags.size, 3);
});

test("takeovers and write-offs stand in the chain's order with what was paid", () => {
    const ledger = fold(EMPTY_LEDGER, [
        takeover(FIRST, 7n),
        takeover(SECOND, 9n),
        entry("DebtWrittenOff", { account: SECOND, token: TOKEN, amount: 3n }, 9n),
        entry("ShortfallCovered", { account: SECOND, amount: 3n }, 9n),
    ]);
    assert.deepEqual(
        ledger.takeovers.map(({ block, account }) => [block, account]),
        [
            [7n, FIRST],
            [9n, SECOND],
        ],
    );
    assert.deepEqual(ledger.backstopBlocks, [7n, 9n]);
    assert.equal(ledger.writeOffs[0]?.amount, 3n);
    assert.equal(new Set(ledger.takeovers.map(({ key }) => key)).size, 2);
});

test("the premium is what the slice was worth beyond what the account got for it", () => {
    const [one] = fold(EMPTY_LEDGER, [takeover(FIRST)]).takeovers;
    // Half of 1,000 dollars of equity; the taker paid 480, of which 5 went to the backstop.
    const premium = premiumOf(one!, 6, WAD);
    assert.equal(premium.totalWad, 25n * WAD);
    assert.equal(premium.feeWad, 5n * WAD);
    assert.equal(premium.takerWad, 20n * WAD);
    assert.equal(premium.shareWad, (4n * WAD) / 100n, "25 of the slice's requirement of 625");
    assert.equal(healthThen(one!), (8n * WAD) / 10n);
});

test("of many blocks some are taken, first and last among them", () => {
    assert.deepEqual(spread([1, 2, 3], 5), [1, 2, 3]);
    assert.deepEqual(spread([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 3), [0, 5, 10]);
});

test("an address with a wrong digit is told from one that is none", () => {
    assert.deepEqual(checkAddress(OWNER), { ok: true, value: OWNER });
    assert.deepEqual(checkAddress(` ${OWNER.toLowerCase()} `), { ok: true, value: OWNER });
    const wrong = checkAddress(OWNER.replace("70997970C", "70997970c"));
    assert.ok(!wrong.ok && /checksum/.test(wrong.reason));
    const short = checkAddress("0x1234");
    assert.ok(!short.ok && /40 hex digits/.test(short.reason));
});
