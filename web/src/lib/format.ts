/** Numbers as people read them, always with their unit, rounded towards zero so that nothing looks like more than it is. */

import { abs, exactAmount, toFloat, WAD } from "./units";

const MINUS = "−";
const COMPACT: readonly (readonly [bigint, string])[] = [
    [10n ** 9n, "B"],
    [10n ** 6n, "M"],
    [10n ** 3n, "K"],
];

/** An amount of a token: more places the smaller it is, at most `places`. */
export function formatAmount(value: bigint, decimals: number, symbol = "", places = 6): string {
    const whole = abs(value) / 10n ** BigInt(decimals);
    const wanted = whole >= 100_000n ? 0 : whole >= 1_000n ? 2 : whole >= 1n ? 4 : places;
    const text = cut(value, decimals, Math.min(wanted, decimals));
    const shown = isZero(text) && value !== 0n ? smallest(value, Math.min(wanted, decimals)) : text;
    return symbol ? `${shown} ${symbol}` : shown;
}

/** An amount with exactly so many places, for what moves in the last ones. */
export function formatFixed(value: bigint, decimals: number, places: number, symbol = ""): string {
    const text = cut(value, decimals, Math.min(places, decimals), true);
    return symbol ? `${text} ${symbol}` : text;
}

/** A large amount in few letters: 12.4M USDC. */
export function formatCompact(value: bigint, decimals: number, symbol = ""): string {
    const whole = abs(value) / 10n ** BigInt(decimals);
    for (const [size, letter] of COMPACT) {
        if (whole >= size) {
            const scaled = toFloat(abs(value), decimals) / Number(size);
            const digits = scaled >= 100 ? 0 : scaled >= 10 ? 1 : 2;
            const text = (value < 0n ? MINUS : "") + floor(scaled, digits) + letter;
            return symbol ? `${text} ${symbol}` : text;
        }
    }
    if (abs(value) < 10n ** BigInt(decimals)) return formatAmount(value, decimals, symbol, 4);
    const text = cut(value, decimals, 2);
    return symbol ? `${text} ${symbol}` : text;
}

export function formatUsd(wad: bigint): string {
    const sign = wad < 0n ? MINUS : "";
    const size = abs(wad);
    if (size !== 0n && size < WAD / 100n) return `${sign}<$0.01`;
    const places = size >= 1_000_000n * WAD ? 0 : 2;
    return `${sign}$${cut(size, 18, places, true)}`;
}

export function formatUsdCompact(wad: bigint): string {
    if (abs(wad) < 10_000n * WAD) return formatUsd(wad);
    return `${wad < 0n ? MINUS : ""}$${formatCompact(abs(wad), 18)}`;
}

/** A price: five significant digits below a thousand dollars, cents above. */
export function formatPrice(wad: bigint): string {
    if (wad >= 1_000n * WAD) return `$${cut(wad, 18, 2, true)}`;
    return `$${cut(wad, 18, wad >= WAD ? 4 : 6, true)}`;
}

/** A share as per cent. */
export function formatPercent(wad: bigint, places = 2): string {
    const text = cut(wad * 100n, 18, places, true);
    if (Number(text.replace(/[^\d.]/g, "")) === 0 && wad !== 0n) {
        return `${wad < 0n ? MINUS : ""}<${(10 ** -places).toFixed(places)}%`;
    }
    return `${text}%`;
}

/** Health as a multiple; nothing is required of an account without debt. */
export function formatHealth(wad: bigint): string {
    return wad > 1_000n * WAD ? "∞" : `${cut(wad, 18, 2, true)}×`;
}

export function formatMultiple(wad: bigint, places = 2): string {
    return `${cut(wad, 18, places, true)}×`;
}

export function formatDuration(seconds: number): string {
    const parts: readonly (readonly [number, string])[] = [
        [86_400, "d"],
        [3_600, "h"],
        [60, "min"],
        [1, "s"],
    ];
    let left = Math.max(0, Math.round(seconds));
    const words: string[] = [];
    for (const [size, unit] of parts) {
        const count = Math.floor(left / size);
        left -= count * size;
        if (count > 0) words.push(`${count} ${unit}`);
        if (words.length === 2) break;
    }
    return words.join(" ") || "0 s";
}

export function formatTime(seconds: number): string {
    const options = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" } as const;
    return new Intl.DateTimeFormat("en-GB", options).format(new Date(seconds * 1_000));
}

export function formatDay(seconds: number): string {
    return new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" }).format(
        new Date(seconds * 1_000),
    );
}

export function formatInteger(value: bigint | number): string {
    return group(BigInt(value).toString());
}

export function shortAddress(address: string): string {
    return `${address.slice(0, 6)}…${address.slice(-4)}`;
}

function cut(value: bigint, decimals: number, places: number, fixed = false): string {
    const [whole = "0", fraction = ""] = exactAmount(abs(value), decimals).split(".");
    const kept = fraction.slice(0, places);
    const shown = fixed ? kept.padEnd(places, "0") : kept.replace(/0+$/, "");
    const text = group(whole) + (shown ? `.${shown}` : "");
    return value < 0n && !isZero(text) ? MINUS + text : text;
}

function floor(value: number, digits: number): string {
    return (Math.floor(value * 10 ** digits) / 10 ** digits).toFixed(digits);
}

function smallest(value: bigint, places: number): string {
    return `${value < 0n ? MINUS : ""}<0.${"0".repeat(Math.max(0, places - 1))}1`;
}

function isZero(text: string): boolean {
    return !/[1-9]/.test(text);
}

function group(digits: string): string {
    return digits.replace(/\B(?=(\d{3})+$)/g, ",");
}
