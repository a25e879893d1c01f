/** Arithmetic of perpetual positions, as far as the page needs any of its own. */

import { abs, max, min, WAD } from "./units";

/** A quote {36 decimals} as dollars {WAD}, towards zero. */
export function quoteToUsd(quote: bigint): bigint {
    return quote / WAD;
}

/** The price nearest to `priceWad` at which the market takes fills now. */
export function priceWithin(priceWad: bigint, markWad: bigint, maxMoveWad: bigint): bigint {
    // A little inside, since the mark moves on until the simulation's block.
    const reach = (markWad * maxMoveWad * 95n) / (WAD * 100n);
    return min(max(priceWad, markWad - reach), markWad + reach);
}

/** How much of an order of a signed size makes a position smaller, with the order's sign. */
export function reducing(heldWad: bigint, sizeWad: bigint): bigint {
    if (heldWad === 0n || heldWad > 0n === sizeWad > 0n) return 0n;
    const size = min(abs(heldWad), abs(sizeWad));
    return sizeWad > 0n ? size : -size;
}

/** The fee of a trade {USD}. */
export function feeOf(sizeWad: bigint, priceWad: bigint, feeWad: bigint): bigint {
    return (((abs(sizeWad) * priceWad) / WAD) * feeWad) / WAD;
}

/** A price rounded to cents, for fields. */
export function toCents(priceWad: bigint): bigint {
    const cent = WAD / 100n;
    return (priceWad / cent) * cent;
}
