/** How much to trade for a leverage that is wanted, to what bounds, and what the trade costs. Values are dollars {WAD}. */

import { abs, max, mulDiv, WAD } from "./units";

export type Side = "long" | "short";

/** What a position may grow from: equity with the margin that is added, and what is held (owed, for a short) already. */
export interface Ground {
    equityWad: bigint;
    positionWad: bigint;
}

/** Equity and position once `marginWad` of value is deposited; margin in the asset of a long is position already. */
export function groundOf(
    side: Side,
    equityWad: bigint,
    signedValueWad: bigint,
    marginWad: bigint,
    marginIsPosition: boolean,
): Ground {
    const held = side === "long" ? signedValueWad : -signedValueWad;
    const added = marginIsPosition ? (side === "long" ? marginWad : -marginWad) : 0n;
    return { equityWad: equityWad + marginWad, positionWad: held + added };
}

/** Value of the trade after which the position is worth `leverageWad` times the equity; zero or less: it is already. */
export function tradeValue({ equityWad, positionWad }: Ground, leverageWad: bigint): bigint {
    return mulDiv(equityWad, leverageWad, WAD) - positionWad;
}

/** Position over equity; null without equity. */
export function leverageOf({ equityWad, positionWad }: Ground): bigint | null {
    return equityWad > 0n ? mulDiv(max(0n, positionWad), WAD, equityWad) : null;
}

/** Amount of an asset {tok} that is worth `valueWad`. */
export function amountOf(valueWad: bigint, decimals: number, priceWad: bigint): bigint {
    return mulDiv(valueWad, 10n ** BigInt(decimals), priceWad);
}

/** `count` leverages between two, evenly apart, the first one past `low`, the last one `high`. */
export function grid(low: bigint, high: bigint, count: number): bigint[] {
    return Array.from(
        { length: count },
        (_, place) => low + ((high - low) * BigInt(place + 1)) / BigInt(count),
    );
}

/**
 * Where between two leverages an account stops passing: the last one that passes before the first one that does not,
 * and that one. Null for what is not known.
 */
export function frontier(
    leverages: readonly bigint[],
    passes: readonly boolean[],
): { most: bigint | null; refused: bigint | null } {
    const first = passes.indexOf(false);
    if (first < 0) return { most: leverages.at(-1) ?? null, refused: null };
    return { most: first > 0 ? leverages[first - 1]! : null, refused: leverages[first]! };
}

/** The least that a sale may bring, or with `exactOut` the most that a purchase may cost, by the slippage bound. */
export function boundOf(quoted: bigint, slippageWad: bigint, exactOut: boolean): bigint {
    return exactOut ? mulDiv(quoted, WAD + slippageWad, WAD) + 1n : mulDiv(quoted, WAD - slippageWad, WAD);
}

export interface Fill {
    amountIn: bigint;
    amountOut: bigint;
}

/** How much worse the rate of a trade is than that of a small one, as a share {WAD}; never below zero. */
export function priceImpact(whole: Fill, sample: Fill | null): bigint {
    if (!sample || sample.amountOut === 0n || whole.amountIn === 0n) return 0n;
    return max(0n, WAD - (whole.amountOut * sample.amountIn * WAD) / (whole.amountIn * sample.amountOut));
}

/** What a trade loses against given values, as a share of what is sold {WAD}; below zero where it gains. */
export function lossShare(soldWad: bigint, boughtWad: bigint): bigint {
    return soldWad === 0n ? 0n : WAD - mulDiv(boughtWad, WAD, soldWad);
}

/** Dollars paid or received for one whole unit of the position. */
export function fillPrice(positionAmount: bigint, decimals: number, otherValueWad: bigint): bigint {
    return mulDiv(abs(otherValueWad), 10n ** BigInt(decimals), abs(positionAmount));
}

export interface Closing {
    /** Sold, or with `exactOut` bought {tok}. */
    amount: bigint;
    /** A short buys back exactly what it owes; a long sells exactly what it holds. */
    exactOut: boolean;
}

/** Debt grows between the quote and the block. */
const GROWTH = 1_000_000n;

/** The trade that closes a share {WAD} of a position: its signed amount {tok}. */
export function closing(amount: bigint, shareWad: bigint): Closing {
    const part = mulDiv(abs(amount), shareWad, WAD);
    if (amount >= 0n) return { amount: part, exactOut: false };
    return { amount: shareWad === WAD ? part + part / GROWTH + 1n : part, exactOut: true };
}

/** How far a price may move until it reaches another one, as a share of now {WAD}; below zero is down. */
export function distance(nowWad: bigint, toWad: bigint): bigint {
    return mulDiv(toWad, WAD, nowWad) - WAD;
}
