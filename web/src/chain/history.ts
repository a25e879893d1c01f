/** How a market came here: its state at blocks since the deployment, and at each new one while the page is open. */

import { poolAbi, riskAbi } from "@generated/abi";
import { useEffect, useState } from "preact/hooks";
import { annualised, toFloat } from "../lib/units";
import type { Asset } from "./domain";
import { head } from "./head";
import { lendersRate } from "./markets";
import { session, type Session } from "./session";

export interface Sample {
    block: bigint;
    /** Unix seconds. */
    time: number;
    price: number;
    /** Null where the asset has no pool. */
    utilisation: number | null;
    borrowApy: number | null;
    supplyApy: number | null;
}

const SAMPLES = 40;
const KEPT = 400;

/**
 * Samples in order of time; undefined until the first are there. A node that keeps no old states gives those since
 * the page was opened alone.
 */
export function useHistory(asset: Asset): Sample[] | undefined {
    const [state, setState] = useState<{ id: number; samples?: Sample[] }>({ id: asset.id });
    const open = session.value;
    const newest = head.value;

    useEffect(() => {
        const at = head.peek();
        if (!open || !at) return;
        let left = false;
        const blocks = spread(open.domain.deployedAt, at.number);
        void Promise.all(blocks.map((block) => sampleAt(open, asset, block))).then((found) => {
            if (!left) setState({ id: asset.id, samples: found.filter((sample) => sample !== null) });
        });
        return () => {
            left = true;
        };
    }, [open, asset.id]);

    useEffect(() => {
        if (!open || !newest) return;
        let left = false;
        void sampleAt(open, asset, newest.number).then((sample) => {
            if (left || !sample) return;
            setState((old) =>
                old.id === asset.id && old.samples ? { ...old, samples: joined(old.samples, sample) } : old,
            );
        });
        return () => {
            left = true;
        };
    }, [open, asset.id, newest?.hash]);

    return state.id === asset.id ? state.samples : undefined;
}

/** At most SAMPLES blocks from the first to the last, evenly apart. */
export function spread(first: bigint, last: bigint): bigint[] {
    const count = last - first + 1n;
    if (count <= 0n) return [];
    const steps = count < BigInt(SAMPLES) ? count : BigInt(SAMPLES);
    if (steps === 1n) return [last];
    return Array.from(
        { length: Number(steps) },
        (_, step) => first + ((last - first) * BigInt(step)) / (steps - 1n),
    );
}

/** A new sample at the end; blocks that were rolled back go. */
function joined(samples: Sample[], sample: Sample): Sample[] {
    const before = samples.filter((known) => known.block < sample.block);
    return [...before, sample].slice(-KEPT);
}

/** Null where the node has no such state or the market was not there yet. */
async function sampleAt(open: Session, asset: Asset, blockNumber: bigint): Promise<Sample | null> {
    const { client, domain } = open;
    try {
        const [block, band, pool] = await Promise.all([
            client.getBlock({ blockNumber }),
            client.readContract({
                address: domain.risk,
                abi: riskAbi,
                functionName: "band",
                args: [BigInt(asset.underlying)],
                blockNumber,
            }),
            poolAt(open, asset, blockNumber),
        ]);
        return {
            block: blockNumber,
            time: Number(block.timestamp),
            price: toFloat(band.priceWad),
            ...(pool ?? { utilisation: null, borrowApy: null, supplyApy: null }),
        };
    } catch {
        return null;
    }
}

async function poolAt({ client }: Session, asset: Asset, blockNumber: bigint) {
    if (!asset.pool) return null;
    const pool = { address: asset.pool, abi: poolAbi, blockNumber } as const;
    const [utilisation, rate, debt, supply, reserveShare] = await Promise.all([
        client.readContract({ ...pool, functionName: "utilisationWad" }),
        client.readContract({ ...pool, functionName: "ratePerSecond" }),
        client.readContract({ ...pool, functionName: "totalDebt" }),
        client.readContract({ ...pool, functionName: "totalAssets" }),
        client.readContract({ ...pool, functionName: "reserveShareWad" }),
    ]);
    return {
        utilisation: toFloat(utilisation),
        borrowApy: toFloat(annualised(rate)),
        supplyApy: toFloat(annualised(lendersRate(rate, debt, supply, reserveShare))),
    };
}
