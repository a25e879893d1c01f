/** What a simulated plan sends out of the vault. */

import { vaultAbi } from "@generated/abi";
import { parseEventLogs, type Address, type Hex } from "viem";
import type { Simulation } from "../wallet/simulate";
import { assetByToken, type Asset, type Domain } from "./domain";

export interface Sent {
    asset: Asset;
    amount: bigint;
}

/** Withdrawals from an account to an address, by asset. */
export function sentHome(domain: Domain, result: Simulation, account: Hex, to: Address): Sent[] {
    if (!result.ok) return [];
    const logs = parseEventLogs({ abi: vaultAbi, eventName: "Withdrawn", logs: result.logs as never });
    const sums = new Map<Asset, bigint>();
    for (const { args } of logs) {
        const asset = assetByToken(domain, args.token);
        if (!asset || args.account !== account || args.to.toLowerCase() !== to.toLowerCase()) continue;
        sums.set(asset, (sums.get(asset) ?? 0n) + args.amount);
    }
    return [...sums].map(([asset, amount]) => ({ asset, amount }));
}
