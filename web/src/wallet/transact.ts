/** Sending: each step simulated once more, then put before the wallet, then followed until it is mined. */

import {
    numberToHex,
    TransactionReceiptNotFoundError,
    type Address,
    type Hash,
    type PublicClient,
    type TransactionReceipt,
} from "viem";
import { signal } from "@preact/signals";
import type { Asset } from "../chain/domain";
import { explain } from "../chain/errors";
import { session } from "../chain/session";
import { notify, update } from "../ui/toast-store";
import { gasFor, simulate, type Call } from "./simulate";
import { obstacle, wallet } from "./wallet";

/** One transaction. `sign` is asked for the calldata just before, where a signature goes into it. */
export interface Step {
    title: string;
    call: Call;
    sign?: () => Promise<Call>;
}

/**
 * What a user means to do. `simulated` are the calls to preview where they differ from the steps' (a permit is
 * previewed as an approval); `amounts` is the token of amounts in errors that name none.
 */
export interface Plan {
    /** Changes whenever the plan means something else. */
    key: string;
    title: string;
    steps: readonly Step[];
    simulated?: readonly Call[];
    amounts?: Asset;
}

const RECEIPT_POLL_MS = 500;

/** The title of what is under way; one plan at a time. */
export const sending = signal<string | null>(null);

/** Sends all steps. Returns the last receipt, or null after a failure, which the user has been told of. */
export async function execute(plan: Plan): Promise<TransactionReceipt | null> {
    if (sending.value !== null) return null;
    sending.value = plan.title;
    try {
        let receipt: TransactionReceipt | null = null;
        for (const [place, step] of plan.steps.entries()) {
            const of = plan.steps.length > 1 ? ` (${place + 1} of ${plan.steps.length})` : "";
            receipt = await send(step, `${step.title}${of}`, plan.amounts);
            if (!receipt) return null;
        }
        return receipt;
    } finally {
        sending.value = null;
    }
}

async function send(step: Step, title: string, amounts?: Asset): Promise<TransactionReceipt | null> {
    const open = session.peek();
    const current = wallet.peek();
    const hindrance = obstacle.peek();
    if (!open || !current || hindrance) {
        notify({ kind: "failed", title, detail: hindrance ?? "The chain is not there yet" });
        return null;
    }
    const { client } = open;
    const toast = notify({ kind: "pending", title, detail: "Confirm in the wallet" });
    try {
        const call = step.sign ? await step.sign() : step.call;
        const expected = await simulate(client, current.address, [call], amounts);
        if (!expected.ok) {
            update(toast, { kind: "failed", detail: `${expected.reason} Nothing was sent.` });
            return null;
        }
        const gas = await gasFor(client, current.address, call);
        const request = {
            from: current.address,
            to: call.to,
            data: call.data,
            gas: numberToHex(gas),
            ...(call.value ? { value: numberToHex(call.value) } : {}),
        };
        const hash = (await current.connector.provider.request({
            method: "eth_sendTransaction",
            params: [request],
        })) as Hash;
        update(toast, { detail: "Waiting for a block", hash });
        const receipt = await mined(client, hash, current.address);
        if (receipt === "replaced") {
            update(toast, { kind: "failed", detail: "The wallet replaced it by another transaction.", hash });
            return null;
        }
        if (receipt.status === "success") {
            update(toast, { kind: "done", detail: `In block ${receipt.blockNumber}`, hash });
            return receipt;
        }
        const again = await simulate(client, current.address, [call], amounts);
        const why = again.ok ? "Something changed before it was mined." : again.reason;
        update(toast, { kind: "failed", detail: `It was mined and reverted. ${why}`, hash });
    } catch (error) {
        update(toast, { kind: "failed", detail: explain(error, amounts) });
    }
    return null;
}

/**
 * The receipt, however long it takes: a node that does not answer meanwhile says nothing about the transaction.
 * "replaced" once another transaction of its number has been mined.
 */
async function mined(
    client: PublicClient,
    hash: Hash,
    from: Address,
): Promise<TransactionReceipt | "replaced"> {
    let nonce: number | undefined;
    for (;;) {
        const used =
            nonce === undefined
                ? null
                : await client.getTransactionCount({ address: from }).catch(() => null);
        try {
            return await client.getTransactionReceipt({ hash });
        } catch (error) {
            if (error instanceof TransactionReceiptNotFoundError && used !== null && used > nonce!)
                return "replaced";
        }
        nonce ??= (await client.getTransaction({ hash }).catch(() => null))?.nonce;
        await new Promise((resolve) => window.setTimeout(resolve, RECEIPT_POLL_MS));
    }
}
