/** Ways from one asset to another over pools of several fees, and their encoding. */

import { concatHex, numberToHex, type Address, type Hex } from "viem";

/** Uniswap v3's fee tiers, in hundredths of a basis point. */
export const FEES = [100, 500, 3_000, 10_000] as const;
const USUAL_HOPS = 2;
const MOST_HOPS = 3;

/** A pool with liquidity between two assets, by their numbers. */
export interface Edge {
    one: number;
    other: number;
    fee: number;
}

/** Assets in the order of the trade by number, and the fee of the pool between each and the next. */
export interface Path {
    assets: readonly number[];
    fees: readonly number[];
}

/** Ways of at most two pools, short and cheap ones first; of three where there are none shorter. */
export function pathsBetween(edges: readonly Edge[], from: number, to: number): Path[] {
    const around = neighbours(edges);
    for (let hops = USUAL_HOPS; hops <= MOST_HOPS; hops += 1) {
        const found = walk(around, [from], [], to, hops).sort(byLength);
        if (found.length > 0) return found;
    }
    return [];
}

/** Packed as the swap adapter reads it in both directions of a trade; the quoter wants bought amounts in `reverse`. */
export function encodePath(path: Path, tokenOf: (asset: number) => Address, reverse = false): Hex {
    const assets = reverse ? path.assets.toReversed() : path.assets;
    const fees = reverse ? path.fees.toReversed() : path.fees;
    return concatHex(
        assets.flatMap((asset, place) =>
            place === 0 ? [tokenOf(asset)] : [numberToHex(fees[place - 1]!, { size: 3 }), tokenOf(asset)],
        ),
    );
}

function neighbours(edges: readonly Edge[]): Map<number, (readonly [number, number])[]> {
    const around = new Map<number, (readonly [number, number])[]>();
    const add = (from: number, to: number, fee: number) =>
        around.set(from, [...(around.get(from) ?? []), [to, fee]]);
    for (const { one, other, fee } of edges) {
        add(one, other, fee);
        add(other, one, fee);
    }
    return around;
}

function walk(
    around: ReadonlyMap<number, (readonly [number, number])[]>,
    assets: readonly number[],
    fees: readonly number[],
    goal: number,
    hops: number,
): Path[] {
    return (around.get(assets.at(-1)!) ?? []).flatMap(([next, fee]) => {
        if (assets.includes(next)) return [];
        if (next === goal) return [{ assets: [...assets, next], fees: [...fees, fee] }];
        return fees.length + 1 < hops ? walk(around, [...assets, next], [...fees, fee], goal, hops) : [];
    });
}

function byLength(a: Path, b: Path): number {
    const cost = ({ fees }: Path) => fees.reduce((sum, fee) => sum + fee, 0);
    return a.fees.length - b.fees.length || cost(a) - cost(b);
}
