/** How an account would stand after a plan: the plan's very calls simulated, and the account read after them. */

import { lensAbi } from "@generated/abi";
import { useEffect, useState } from "preact/hooks";
import type { Address, Hex } from "viem";
import { simulate } from "../wallet/simulate";
import type { Plan } from "../wallet/transact";
import { wallet } from "../wallet/wallet";
import { head } from "./head";
import { session, type Session } from "./session";
import { standingCalls, standingFrom, type Standing } from "./standing";

/** A change of a balance as the lens takes it: above zero is added, below zero taken out {tok}. */
export interface Change {
    token: Address;
    amount: bigint;
}

type Core = Pick<Standing, "equityWad" | "initialWad" | "maintenanceWad" | "healthWad">;
/** All of the standing from a node that simulates several calls, the core from one that does not. */
export type Outlook = Core & Partial<Standing>;

const PAUSE_MS = 200;

/**
 * The outlook on `account`, with each block and change of the plan anew; undefined until it is there, and where the plan
 * would fail. `changes` are what the plan does to balances, for a node without eth_simulateV1; null where they do not tell
 * all, so that such a node gives no outlook.
 */
export function useOutlook(
    plan: Plan | null,
    account: Hex | null,
    changes: readonly Change[] | null = [],
): Outlook | undefined {
    const [state, setState] = useState<{ key: string; outlook: Outlook | undefined } | null>(null);
    const from = wallet.value?.address;
    const open = session.value;
    const block = head.value?.hash;
    const key = plan && from && account ? `${from} ${account} ${plan.key}` : null;

    useEffect(() => {
        if (!key || !open) return;
        let left = false;
        const timer = window.setTimeout(() => {
            look(open, from!, account!, plan!, changes).then(
                (outlook) => left || setState({ key, outlook }),
                // Why it cannot be had is said where the plan itself is simulated.
                () => left || setState({ key, outlook: undefined }),
            );
        }, PAUSE_MS);
        return () => {
            left = true;
            window.clearTimeout(timer);
        };
    }, [key, open, block]);

    return state && state.key === key ? state.outlook : undefined;
}

async function look(
    { client, domain }: Session,
    from: Address,
    account: Hex,
    plan: Plan,
    changes: readonly Change[] | null,
): Promise<Outlook | undefined> {
    const calls = plan.simulated ?? plan.steps.map((step) => step.call);
    const result = await simulate(client, from, [...calls, ...standingCalls(domain, account)], plan.amounts);
    if (!result.ok) return undefined;
    if (result.complete) return standingFrom(domain, result.results.slice(calls.length));
    if (!changes) return undefined;
    const [, after] = await client.readContract({
        address: domain.lens,
        abi: lensAbi,
        functionName: "whatIf",
        args: [account, changes],
    });
    return {
        equityWad: after.maintenance.equity,
        initialWad: after.initial.requirement,
        maintenanceWad: after.maintenance.requirement,
        healthWad: after.healthWad,
    };
}
