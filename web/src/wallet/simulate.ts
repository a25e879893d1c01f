/** What calls would do, before anybody is asked to sign them. */

import type { Address, Hex, PublicClient } from "viem";
import { numberToHex } from "viem";
import type { Asset } from "../chain/domain";
import { explain, explainRevert, revertData } from "../chain/errors";
import { session } from "../chain/session";

export interface Call {
    to: Address;
    data: Hex;
    value?: bigint;
    /** Who calls, where a simulation asks what somebody else would do; the wallet otherwise. */
    from?: Address;
}

export interface Log {
    address: Address;
    topics: [Hex, ...Hex[]];
    data: Hex;
}

export type Simulation =
    | { ok: true; gas: bigint; feeWei: bigint; results: Hex[]; logs: Log[]; complete: boolean }
    | { ok: false; reason: string; step: number; data?: Hex };

interface SimulatedCall {
    returnData: Hex;
    logs: Log[];
    gasUsed: Hex;
    status: Hex;
    error?: { code?: number; message?: string; data?: Hex };
}

const METHOD_MISSING = [-32601, -32600];
const MARGIN_PERCENT = 20n;

/**
 * All calls in order on top of the newest block (eth_simulateV1). A node without that method estimates the first
 * call alone; the result then says that it is not `complete`. Failures are results too; only a silent node throws.
 */
export async function simulate(
    client: PublicClient,
    from: Address,
    calls: readonly Call[],
    amounts?: Asset,
): Promise<Simulation> {
    const gasPrice = client.getGasPrice();
    let simulated: SimulatedCall[];
    try {
        simulated = await simulateAll(client, from, calls);
    } catch (error) {
        if (!isMissing(error)) {
            gasPrice.catch(() => undefined);
            throw error;
        }
        return simulateFirst(client, from, calls, await gasPrice, amounts);
    }
    const failed = simulated.findIndex((call) => Number(call.status) !== 1);
    const price = await gasPrice;
    if (failed >= 0) {
        const call = simulated[failed]!;
        return { ok: false, step: failed, reason: reasonOf(call, amounts), data: dataOf(call) };
    }
    const gas = simulated.reduce((sum, call) => sum + BigInt(call.gasUsed), 0n);
    return {
        ok: true,
        gas,
        feeWei: gas * price,
        results: simulated.map((call) => call.returnData),
        logs: simulated.flatMap((call) => call.logs),
        complete: true,
    };
}

/** Gas to send with a call: what it takes now and a margin for what may have changed until it is mined. */
export async function gasFor(client: PublicClient, from: Address, call: Call): Promise<bigint> {
    const gas = await client.estimateGas({ account: from, to: call.to, data: call.data, value: call.value });
    return (gas * (100n + MARGIN_PERCENT)) / 100n;
}

async function simulateAll(
    client: PublicClient,
    from: Address,
    calls: readonly Call[],
): Promise<SimulatedCall[]> {
    const request = calls.map(({ to, data, value, from: caller }) => ({
        from: caller ?? from,
        to,
        data,
        ...(value ? { value: numberToHex(value) } : {}),
    }));
    // A test chain's newest block may be old; what is sent now is mined at its clock's time, in the pending one.
    const base = session.peek()?.config.accounts.length ? "pending" : "latest";
    const blocks = (await client.request({
        method: "eth_simulateV1",
        params: [{ blockStateCalls: [{ calls: request }] }, base],
    } as never)) as { calls: SimulatedCall[] }[];
    const first = blocks[0];
    if (!first || first.calls.length !== calls.length) throw new Error("The node simulated only in part.");
    return first.calls;
}

async function simulateFirst(
    client: PublicClient,
    from: Address,
    calls: readonly Call[],
    gasPrice: bigint,
    amounts?: Asset,
): Promise<Simulation> {
    const call = calls[0]!;
    const request = { account: call.from ?? from, to: call.to, data: call.data, value: call.value };
    try {
        const [{ data }, gas] = await Promise.all([client.call(request), client.estimateGas(request)]);
        const complete = calls.length === 1;
        return { ok: true, gas, feeWei: gas * gasPrice, results: [data ?? "0x"], logs: [], complete };
    } catch (error) {
        if (revertData(error) === undefined && !/revert/i.test(String(error))) throw error;
        return { ok: false, step: 0, reason: explain(error, amounts), data: revertData(error) };
    }
}

function dataOf(call: SimulatedCall): Hex {
    return call.error?.data ?? call.returnData;
}

function reasonOf(call: SimulatedCall, amounts?: Asset): string {
    const data = dataOf(call);
    if (data && data !== "0x") return explainRevert(data, session.peek()?.domain ?? null, amounts);
    return explain(new Error(call.error?.message ?? "The contract refused without a reason."), amounts);
}

function isMissing(error: unknown): boolean {
    for (let cause: unknown = error, depth = 0; cause && depth < 8; depth += 1) {
        const { code, message } = cause as { code?: number; message?: string };
        if (
            METHOD_MISSING.includes(code ?? 0) ||
            /method.*(not found|not supported|unknown)/i.test(message ?? "")
        ) {
            return true;
        }
        cause = (cause as { cause?: unknown }).cause;
    }
    return false;
}
