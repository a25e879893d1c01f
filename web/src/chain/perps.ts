/** Perpetual markets and positions in them, at the newest block. */

import { ammAbi, perpAbi, perpLensAbi } from "@generated/abi";
import { encodeFunctionData, decodeFunctionResult, type Hex } from "viem";
import type { Call } from "../wallet/simulate";
import type { Domain, Perp } from "./domain";
import { STATUSES, type PriceStatus } from "./markets";
import { useQuery } from "./query";
import type { Session } from "./session";

/** One step of the virtual AMM's depth: sizes from nothing {units}, prices {USD}. */
export interface DepthLevel {
    sizeWad: bigint;
    priceWad: bigint;
    stepPriceWad: bigint;
}

export interface PerpState {
    indexWad: bigint;
    markWad: bigint;
    premiumWad: bigint;
    /** Paid by longs, over eight hours. */
    rateWad: bigint;
    status: PriceStatus;
    /** Sum of all longs, which is that of all shorts {units}. */
    openInterestWad: bigint;
    openInterestCapWad: bigint;
    takerFeeWad: bigint;
    makerFeeWad: bigint;
    /** The most that a price may be away from the mark. */
    maxMoveWad: bigint;
    reduceOnly: boolean;
    /** Null while the virtual AMM does not trade. */
    depth: { asks: readonly DepthLevel[]; bids: readonly DepthLevel[]; middleWad: bigint } | null;
}

export interface PerpPosition {
    sizeWad: bigint;
    entryWad: bigint;
    /** Profit at the mark {quote, 36 decimals}. */
    pnl: bigint;
    /** Part of the cost that has come due as funding; above zero it is owed {quote}. */
    fundingOwed: bigint;
    /** Profit that is no claim yet {settlement tok}. */
    unsettled: bigint;
    /** Claims that nothing has come in for, and those that the next settlement pays {settlement tok}. */
    waiting: bigint;
    allotted: bigint;
    /** Prices of the underlying at which the account may be taken over; zero: none. */
    belowWad: bigint;
    aboveWad: bigint;
    graceUntil: number;
    isEmpty: boolean;
}

const POINTS = 24n;

export function usePerp(perp: Perp) {
    return useQuery(`perp ${perp.market}`, (open, block) => readPerp(open, perp, block));
}

/** What an account has in a market; asks nothing without an account. */
export function usePosition(perp: Perp, account: Hex | null) {
    return useQuery(
        account && `position ${perp.market} ${account}`,
        async ({ client, domain }, blockNumber) => {
            const { data } = await client.call({ ...positionCall(domain, perp, account!), blockNumber });
            return positionFrom(data ?? "0x");
        },
    );
}

export function positionCall(domain: Domain, perp: Perp, account: Hex): Call {
    if (!domain.perpLens) {
        throw new Error("The deployments file has no perp_lens; deploy anew with `make deploy`.");
    }
    const args = [perp.market, account] as const;
    const data = encodeFunctionData({ abi: perpLensAbi, functionName: "overview", args });
    return { to: domain.perpLens, data };
}

export function positionFrom(data: Hex): PerpPosition {
    const found = decodeFunctionResult({ abi: perpLensAbi, functionName: "overview", data });
    const { position, fundingOwed, unsettled, belowWad, aboveWad, graceUntil } = found;
    const { sizeWad, cost, entryWad, pnl, waiting, allotted } = position;
    return {
        ...{ sizeWad, entryWad, pnl, fundingOwed, unsettled, waiting, allotted, belowWad, aboveWad },
        graceUntil: Number(graceUntil),
        isEmpty: sizeWad === 0n && cost === 0n && waiting === 0n && allotted === 0n,
    };
}

/** The virtual AMM's price of a size {signed units}; undefined until it is there. */
export function useAmmQuote(perp: Perp, sizeWad: bigint) {
    return useQuery(sizeWad === 0n ? null : `quote ${perp.amm} ${sizeWad}`, ({ client }, blockNumber) =>
        client.readContract({
            address: perp.amm,
            abi: ammAbi,
            functionName: "quote",
            args: [sizeWad],
            blockNumber,
        }),
    );
}

async function readPerp({ client, domain }: Session, perp: Perp, blockNumber: bigint): Promise<PerpState> {
    const market = { address: perp.market, abi: perpAbi, blockNumber } as const;
    const amm = { address: perp.amm, abi: ammAbi, blockNumber } as const;
    const [state, totals, parameters, reduceOnly] = await Promise.all([
        client.readContract({ ...market, functionName: "state" }),
        client.readContract({ ...market, functionName: "totals" }),
        client.readContract({ ...market, functionName: "parameters" }),
        client.readContract({ ...market, functionName: "reduceOnly" }),
    ]);
    const status = STATUSES[state.status] ?? "none";
    let depth: PerpState["depth"] = null;
    if (status === "fresh" && domain.perpLens) {
        const lens = { address: domain.perpLens, abi: perpLensAbi, blockNumber } as const;
        const [[asks, bids], limits] = await Promise.all([
            client.readContract({ ...lens, functionName: "depth", args: [perp.amm, POINTS] }),
            client.readContract({ ...amm, functionName: "depth" }),
        ]);
        depth = { asks, bids, middleWad: limits.middleWad };
    }
    return {
        ...{ indexWad: state.indexWad, markWad: state.markWad, premiumWad: state.premiumWad },
        ...{ rateWad: state.rateWad, status, reduceOnly, depth },
        openInterestWad: totals.openInterestWad,
        openInterestCapWad: parameters.openInterestCapWad,
        takerFeeWad: parameters.takerFeeWad,
        makerFeeWad: parameters.makerFeeWad,
        maxMoveWad: parameters.maxPriceMoveWad,
    };
}
