/** Options: names, what is signed, offers as text, payoffs, and the points of a margin grid. */

import { getAddress, isAddress, isHex, type Address, type Hex } from "viem";
import { DOMAIN_FIELDS } from "../wallet/typed";
import { formatPrice } from "./format";
import { abs, WAD } from "./units";

export interface Leg {
    series: bigint;
    /** In one unit of the combination; below zero: sold. */
    ratio: bigint;
}

/** IOptionOrders.Order. */
export interface OptionOrder {
    account: Hex;
    market: Address;
    signer: Address;
    legs: readonly Leg[];
    /** Bought, below zero: sold {units}. */
    unitsWad: bigint;
    limitPremiumWad: bigint;
    expiry: bigint;
    nonce: bigint;
    flags: bigint;
    maxFeeWad: bigint;
}

export interface Offer {
    order: OptionOrder;
    signature: Hex;
}

/** What an option is, as far as its payoff goes. */
export interface Terms {
    expiry: number;
    strikeWad: bigint;
    call: boolean;
}

const NUMBERS = {
    units: "unitsWad",
    premium: "limitPremiumWad",
    expiry: "expiry",
    nonce: "nonce",
    max_fee: "maxFeeWad",
    flags: "flags",
} as const;

const ORDER_FIELDS = [
    { name: "account", type: "bytes32" },
    { name: "market", type: "address" },
    { name: "signer", type: "address" },
    { name: "legs", type: "Leg[]" },
    { name: "unitsWad", type: "int256" },
    { name: "limitPremiumWad", type: "int256" },
    { name: "expiry", type: "uint256" },
    { name: "nonce", type: "uint256" },
    { name: "flags", type: "uint256" },
    { name: "maxFeeWad", type: "uint256" },
] as const;
const LEG_FIELDS = [
    { name: "series", type: "uint256" },
    { name: "ratio", type: "int256" },
] as const;

/** The document that a wallet signs; integers are decimal text. */
export function typedOptionOrder(chainId: number, contract: Address, order: OptionOrder) {
    const text = (value: unknown) => (typeof value === "bigint" ? value.toString() : value);
    const message = Object.fromEntries(Object.entries(order).map(([name, value]) => [name, text(value)]));
    return {
        types: { EIP712Domain: DOMAIN_FIELDS, Order: ORDER_FIELDS, Leg: LEG_FIELDS },
        primaryType: "Order" as const,
        domain: { name: "Keel Option Orders", version: "1", chainId, verifyingContract: contract },
        message: {
            ...message,
            legs: order.legs.map(({ series, ratio }) => ({ series: text(series), ratio: text(ratio) })),
        },
    };
}

/** An offer as JSON that the command line reads, too. */
export function offerText(chainId: number, contract: Address, { order, signature }: Offer): string {
    const numbers = Object.entries(NUMBERS).map(([name, field]) => [name, order[field].toString()]);
    const shown = {
        account: order.account,
        market: order.market,
        signer: order.signer,
        legs: order.legs.map(({ series, ratio }) => [series.toString(), ratio.toString()]),
        ...Object.fromEntries(numbers),
    };
    return JSON.stringify({ chain_id: chainId, contract, order: shown, signature }, null, 2);
}

/** The offer that a text holds. Raises an error that says what is wrong with it. */
export function readOffer(text: string, chainId: number, contract: Address): Offer {
    let content: Record<string, any>;
    try {
        content = JSON.parse(text);
    } catch {
        throw new Error("This is no JSON; paste all of the offer.");
    }
    const order = content?.order;
    if (!order || !isHex(content.signature) || !Array.isArray(order.legs)) {
        throw new Error("This is no offer: it has no order, legs or signature.");
    }
    if (Number(content.chain_id) !== chainId) {
        throw new Error(`The offer is for chain ${content.chain_id}; this is chain ${chainId}.`);
    }
    if (String(content.contract).toLowerCase() !== contract.toLowerCase()) {
        throw new Error("The offer is for another deployment's option markets.");
    }
    if (!isAddress(order.market) || !isAddress(order.signer) || !isHex(order.account)) {
        throw new Error("The offer names no account, market or signer.");
    }
    try {
        const numbers = Object.entries(NUMBERS).map(([name, field]) => [field, BigInt(order[name])]);
        return {
            order: {
                account: order.account,
                market: getAddress(order.market),
                signer: getAddress(order.signer),
                legs: order.legs.map(([series, ratio]: [string, string]) => ({
                    series: BigInt(series),
                    ratio: BigInt(ratio),
                })),
                ...(Object.fromEntries(numbers) as Record<(typeof NUMBERS)[keyof typeof NUMBERS], bigint>),
            },
            signature: content.signature,
        };
    } catch {
        throw new Error("A number in the offer is none.");
    }
}

/** Legs as contracts take them: by ascending series. */
export function sortedLegs(legs: readonly Leg[]): Leg[] {
    return [...legs].sort((a, b) => (a.series < b.series ? -1 : a.series > b.series ? 1 : 0));
}

/** "2 Jan $2,000 call". */
export function seriesName({ expiry, strikeWad, call }: Terms): string {
    const day = new Date(expiry * 1_000).toLocaleDateString("en-GB", {
        day: "numeric",
        month: "short",
        timeZone: "UTC",
    });
    return `${day} ${formatPrice(strikeWad).replace(/\.0+$/, "")} ${call ? "call" : "put"}`;
}

/** What exercise of one unit pays at a price {USD}. */
export function payoffAt(price: number, strike: number, call: boolean): number {
    return Math.max(0, call ? price - strike : strike - price);
}

/** What legs are worth together, for one unit {USD}. */
export function legsValue(legs: readonly Leg[], valueOf: (series: bigint) => bigint | undefined): bigint {
    return legs.reduce((sum, { series, ratio }) => sum + ratio * (valueOf(series) ?? 0n), 0n);
}

/** Units over all legs, for one unit of the combination. */
export function legsSize(legs: readonly Leg[]): bigint {
    return legs.reduce((sum, { ratio }) => sum + abs(ratio), 0n);
}

export interface GridPoint {
    /** Relative moves, and the part of a change that counts. */
    spotWad: bigint;
    volatilityWad: bigint;
    weightWad: bigint;
}

/** The three numbers of `Scenario`'s word. */
export function scenarioOf(word: bigint): GridPoint {
    return {
        spotWad: BigInt.asIntN(96, word >> 160n),
        volatilityWad: BigInt.asIntN(96, (word >> 64n) & (2n ** 96n - 1n)),
        weightWad: word & (2n ** 64n - 1n),
    };
}

export interface HeatCell extends GridPoint {
    point: number;
    changeWad: bigint;
}

export interface HeatMap {
    /** Moves of the price, ascending; tails are the first and the last. */
    columns: readonly { spotWad: bigint; isTail: boolean }[];
    /** Moves of volatility, the highest one first; a missing cell is a tail's. */
    rows: readonly { volatilityWad: bigint; cells: readonly (HeatCell | undefined)[] }[];
    /** Number of the point with the greatest loss; the first of several. */
    worst: number;
}

export function heatMap(words: readonly bigint[], changes: readonly bigint[]): HeatMap {
    const cells = words
        .map((word, point) => ({ ...scenarioOf(word), point, changeWad: changes[point]! }))
        // A point that counts for nothing is no tail.
        .filter(({ weightWad }) => weightWad > 0n);
    const isTail = (cell: GridPoint) => cell.weightWad < WAD;
    const key = (cell: GridPoint) => `${cell.spotWad} ${isTail(cell)}`;
    const columns = [...new Map(cells.map((cell) => [key(cell), cell])).values()]
        .map((cell) => ({ spotWad: cell.spotWad, isTail: isTail(cell) }))
        .sort((a, b) => (a.spotWad < b.spotWad ? -1 : a.spotWad > b.spotWad ? 1 : 0));
    const moves = [...new Set(cells.map((cell) => cell.volatilityWad))].sort((a, b) => (a > b ? -1 : 1));
    const rows = moves.map((volatilityWad) => ({
        volatilityWad,
        cells: columns.map((column) =>
            cells.find(
                (cell) =>
                    cell.volatilityWad === volatilityWad &&
                    cell.spotWad === column.spotWad &&
                    isTail(cell) === column.isTail,
            ),
        ),
    }));
    const worst = cells.reduce((best, cell) => (cell.changeWad < best.changeWad ? cell : best)).point;
    return { columns, rows, worst };
}
