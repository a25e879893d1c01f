/** Amounts as integers and as people write them. The only module that knows 10^18. */

export const WAD = 10n ** 18n;
export const MAX_UINT = 2n ** 256n - 1n;
const YEAR_SECONDS = 365n * 86_400n;

export type Parsed = { ok: true; value: bigint } | { ok: false; reason: string };

/** What somebody typed, in a token's smallest units. Thousands may be set apart by commas or underscores. */
export function parseAmount(text: string, decimals: number): Parsed {
    const plain = text.trim().replace(/[_,\s]/g, "");
    if (plain === "") return { ok: false, reason: "Enter an amount" };
    const match = /^(\d*)(?:\.(\d*))?$/.exec(plain);
    if (!match || plain === ".") return { ok: false, reason: "Enter a number like 1,250.5" };
    const [, whole = "", fraction = ""] = match;
    if (fraction.replace(/0+$/, "").length > decimals) {
        return { ok: false, reason: `At most ${decimals} decimal places` };
    }
    const value = BigInt((whole || "0") + fraction.slice(0, decimals).padEnd(decimals, "0"));
    return { ok: true, value };
}

/** The exact amount without separators, as a field shows it. */
export function exactAmount(value: bigint, decimals: number): string {
    const sign = value < 0n ? "-" : "";
    const digits = (value < 0n ? -value : value).toString().padStart(decimals + 1, "0");
    const whole = digits.slice(0, digits.length - decimals);
    const fraction = digits.slice(digits.length - decimals).replace(/0+$/, "");
    return sign + whole + (fraction ? `.${fraction}` : "");
}

/** A fixed-point number as a float, for charts and statistics alone. */
export function toFloat(value: bigint, decimals = 18): number {
    return Number(exactAmount(value, decimals));
}

export function mulDiv(a: bigint, b: bigint, divisor: bigint): bigint {
    return divisor === 0n ? 0n : (a * b) / divisor;
}

/** Dollars {WAD} of an amount at a price {USD/tok WAD}, rounded down. */
export function valueOf(amount: bigint, decimals: number, priceWad: bigint): bigint {
    return (amount * priceWad) / 10n ** BigInt(decimals);
}

/** What vault shares are worth at the price of one whole share {tok}, rounded down. */
export function worthOf(shares: bigint, shareDecimals: number, sharePrice: bigint): bigint {
    return (shares * sharePrice) / 10n ** BigInt(shareDecimals);
}

/** Yearly rate with compounding {WAD} of a rate per second {WAD}. */
export function annualised(ratePerSecondWad: bigint): bigint {
    const yearly = Math.expm1(toFloat(ratePerSecondWad * YEAR_SECONDS));
    return Number.isFinite(yearly) ? BigInt(Math.round(yearly * 1e9)) * 10n ** 9n : 0n;
}

export function min(a: bigint, b: bigint): bigint {
    return a < b ? a : b;
}

export function max(a: bigint, b: bigint): bigint {
    return a > b ? a : b;
}

export function abs(a: bigint): bigint {
    return a < 0n ? -a : a;
}
