import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeErrorResult, toHex } from "viem";
import { errorsAbi } from "../../../build/web-src/abi";
import { TEMPLATES } from "../../../build/web-src/templates";
import { explain, explainRevert, revertData } from "../../../web/src/chain/errors";
import { accountName, render, type Names } from "../../../web/src/lib/sentences";
import { accountId, indexOf, ownerOf } from "../../../web/src/lib/account";

const OWNER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const USDC = { symbol: "USDC", decimals: 6 };
const NAMES: Names = {
    token: () => USDC,
    asset: () => "USDC",
    underlying: () => "ETH",
    settlement: USDC,
    amounts: USDC,
};

const NAMES_OF_PARAMETERS = ["parameter", "smaller", "larger"];
const SAMPLES: Record<string, unknown> = {
    address: OWNER,
    bytes32: accountId(OWNER, 3n),
    bool: true,
    uint8: 1,
    uint32: 1,
    int256: -1_500_000_000_000_000_000n,
};

test("every custom error with a template becomes a sentence without a hole in it", () => {
    let told = 0;
    for (const entry of errorsAbi) {
        const template = TEMPLATES[entry.name];
        if (!template) continue;
        const values = Object.fromEntries(
            entry.inputs.map(({ name, type }) => [
                name,
                NAMES_OF_PARAMETERS.includes(name)
                    ? toHex("cooldown", { size: 32 })
                    : (SAMPLES[type] ?? 1_500_000n),
            ]),
        );
        const text = render(template, values, NAMES);
        assert.doesNotMatch(text, /[{}]|undefined|NaN|\[object/, `${entry.name}: ${text}`);
        told += 1;
    }
    assert.ok(told > 90, `${told} sentences`);
});

test("revert data becomes a sentence with the numbers in it", () => {
    const data = encodeErrorResult({
        abi: errorsAbi,
        errorName: "Vault_BelowInitialRequirement",
        args: [accountId(OWNER), 1_234_560000000000000000n, 2_000_000000000000000000n],
    });
    assert.equal(
        explainRevert(data, null),
        "The account would be worth $1,234.56 at the worst prices, and must be worth $2,000.00; add margin or borrow less.",
    );
    assert.match(explain({ cause: { data: { data } } }), /\$1,234\.56/);
});

test("unknown and empty reverts are said to be that", () => {
    assert.match(explainRevert("0xdeadbeef", null), /not known here \(0xdeadbeef\)/);
    assert.match(explainRevert("0x", null), /without a reason/);
    assert.equal(revertData({ message: "no" }), undefined);
    assert.equal(revertData({ data: "0x" }), undefined);
});

test("what wallets refuse is told from what contracts refuse", () => {
    assert.match(
        explain({ code: 4001, message: "User rejected" }),
        /rejected it in the wallet; nothing was sent/,
    );
    assert.match(explain(new Error("HTTP request failed.")), /node does not answer/);
    assert.equal(explain(new Error("nonce too low")), "Nonce too low.");
});

test("names of parameters and accounts", () => {
    assert.equal(render("{p name}", { p: toHex("cooldown", { size: 32 }) }, NAMES), "cooldown");
    assert.equal(accountName(accountId(OWNER)), "0x7099…79c8");
    assert.equal(accountName(accountId(OWNER, 7n)), "0x7099…79c8 #7");
    assert.equal(ownerOf(accountId(OWNER, 7n)), OWNER);
    assert.equal(indexOf(accountId(OWNER, 2n ** 96n - 1n)), 2n ** 96n - 1n);
});
