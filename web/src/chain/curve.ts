/** The curve by which a pool charges, sampled from its rate model's own contract. */

import { rateModelAbi } from "@generated/abi";
import { annualised, toFloat, WAD } from "../lib/units";
import type { Asset } from "./domain";
import { lendersRate, type PoolState } from "./markets";
import type { Session } from "./session";

export interface Curve {
    /** Shares of 1, ascending. */
    utilisation: number[];
    borrowApy: number[];
    supplyApy: number[];
}

const POINTS = 50n;

export async function readCurve(
    { client }: Session,
    asset: Asset,
    { reserveShareWad, utilisationWad }: PoolState,
    blockNumber: bigint,
): Promise<Curve> {
    const even = Array.from({ length: Number(POINTS) + 1 }, (_, step) => (BigInt(step) * WAD) / POINTS);
    // Where the pool is now has a point of its own, so that the picture and the figures beside it agree.
    const steps = [...new Set([...even, utilisationWad])].sort((a, b) => (a < b ? -1 : 1));
    const rates = await Promise.all(
        steps.map((utilisation) =>
            client.readContract({
                address: asset.rateModel!,
                abi: rateModelAbi,
                functionName: "rate",
                args: [asset.pool!, utilisation, 0n],
                blockNumber,
            }),
        ),
    );
    return {
        utilisation: steps.map((step) => toFloat(step)),
        borrowApy: rates.map((rate) => toFloat(annualised(rate))),
        supplyApy: rates.map((rate, step) =>
            toFloat(annualised(lendersRate(rate, steps[step]!, WAD, reserveShareWad))),
        ),
    };
}
