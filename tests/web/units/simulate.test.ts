import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeErrorResult, type PublicClient } from "viem";
import { errorsAbi } from "../../../build/web-src/abi";
import { gasFor, simulate } from "../../../web/src/wallet/simulate";

const FROM = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const CALLS = [
    { to: FROM, data: "0x01" },
    { to: FROM, data: "0x02" },
] as const;
const MISSING = { code: -32601, message: "the method eth_simulateV1 does not exist" };
const REFUSED = encodeErrorResult({ abi: errorsAbi, errorName: "Vault_Paused" });

/** A node that answers by these, at a gas price of 3 wei. */
function node(answers: Record<string, () => unknown>): PublicClient {
    const answer = (name: string) => async () => {
        const known = answers[name];
        if (!known) throw new Error(`${name} was not expected`);
        return known();
    };
    const client = { getGasPrice: async () => 3n, request: answer("request") };
    return { ...client, call: answer("call"), estimateGas: answer("estimateGas") } as unknown as PublicClient;
}

function raise(error: unknown): () => never {
    return () => {
        throw error;
    };
}

const done = (gasUsed: string) => ({ status: "0x1", returnData: "0x2a", gasUsed, logs: [] });

test("all calls in one simulation: results in order, gas together", async () => {
    const client = node({ request: () => [{ calls: [done("0x10"), done("0x20")] }] });
    assert.deepEqual(await simulate(client, FROM, CALLS), {
        ok: true,
        gas: 48n,
        feeWei: 144n,
        results: ["0x2a", "0x2a"],
        logs: [],
        complete: true,
    });
});

test("the first call that fails is named with its reason", async () => {
    const failed = {
        status: "0x0",
        returnData: REFUSED,
        gasUsed: "0x1",
        logs: [],
        error: { message: "reverted" },
    };
    const result = await simulate(node({ request: () => [{ calls: [done("0x1"), failed] }] }), FROM, CALLS);
    assert.equal(result.ok, false);
    assert.equal(!result.ok && result.step, 1);
    assert.match(result.ok ? "" : result.reason, /^The vault is paused/);
});

test("a node without the method estimates the first call and says that this is not all", async () => {
    const client = node({ request: raise(MISSING), call: () => ({ data: "0x07" }), estimateGas: () => 100n });
    const result = await simulate(client, FROM, CALLS);
    assert.deepEqual(result, {
        ok: true,
        gas: 100n,
        feeWei: 300n,
        results: ["0x07"],
        logs: [],
        complete: false,
    });
    const refused = raise({ message: "execution reverted", cause: { data: REFUSED } });
    const failing = node({ request: raise(MISSING), call: refused, estimateGas: refused });
    const reason = await simulate(failing, FROM, CALLS);
    assert.match(reason.ok ? "" : reason.reason, /^The vault is paused/);
});

test("a silent node or half an answer is no result", async () => {
    await assert.rejects(simulate(node({ request: raise(new Error("HTTP request failed.")) }), FROM, CALLS));
    await assert.rejects(
        simulate(node({ request: () => [{ calls: [done("0x1")] }] }), FROM, CALLS),
        /in part/,
    );
    await assert.rejects(simulate(node({ request: () => [] }), FROM, CALLS), /in part/);
    const silent = raise(new Error("HTTP request failed."));
    await assert.rejects(
        simulate(node({ request: raise(MISSING), call: silent, estimateGas: silent }), FROM, CALLS),
    );
});

test("gas is sent with a fifth to spare", async () => {
    assert.equal(await gasFor(node({ estimateGas: () => 1_000n }), FROM, CALLS[0]), 1_200n);
});
