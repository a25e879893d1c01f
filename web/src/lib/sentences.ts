/** Custom errors as sentences, from the templates that the command line uses (scripts/client/templates.py). */

import type { Address, Hex } from "viem";
import {
    formatAmount,
    formatDuration,
    formatInteger,
    formatPercent,
    formatUsd,
    shortAddress,
} from "./format";
import { WAD } from "./units";

export interface TokenName {
    symbol: string;
    decimals: number;
}

/** What names the sentences may use; amounts that name no token are in units of `amounts`. */
export interface Names {
    token(address: Address): TokenName | undefined;
    asset(id: bigint): string | undefined;
    underlying(id: bigint): string | undefined;
    settlement?: TokenName;
    amounts?: TokenName;
}

const FIELD = /\{(\w+)(?: (\w+))?(?: (\w+))?\}/g;
const STATUSES = ["fresh", "in dispute between its sources", "out of date", "missing"];
const FOREVER = 2n ** 64n;

type Values = Readonly<Record<string, unknown>>;

/** The template with `values` written in. */
export function render(template: string, values: Values, names: Names): string {
    return template.replace(FIELD, (_, name: string, kind?: string, other?: string) => {
        const value = values[name];
        if (kind === undefined) return String(value);
        const write = KINDS[kind];
        return write ? write(value, other === undefined ? undefined : values[other], names) : String(value);
    });
}

type Writer = (value: unknown, other: unknown, names: Names) => string;

const KINDS: Readonly<Record<string, Writer>> = {
    usd: (value) => formatUsd(integer(value)),
    dollars: (value) => formatUsd(integer(value) * WAD),
    share: (value) => formatPercent(integer(value)),
    ppm: (value) => formatPercent((integer(value) * WAD) / 1_000_000n),
    fee: (value) => formatPercent((integer(value) * WAD) / 1_000_000n),
    number: (value) => formatInteger(integer(value)),
    asset: (value, _, names) => names.token(value as Address)?.symbol ?? String(value),
    asset_id: (value, _, names) => names.asset(integer(value)) ?? `asset ${String(value)}`,
    underlying: (value, _, names) => names.underlying(integer(value)) ?? `underlying ${String(value)}`,
    amount: (value, token, names) =>
        amount(value, token === undefined ? names.amounts : names.token(token as Address)),
    settlement: (value, _, names) => amount(value, names.settlement),
    units: (value) => amount(value, { symbol: "units", decimals: 18 }),
    shares: (value, _, names) =>
        amount(value, names.settlement && { symbol: "shares", decimals: names.settlement.decimals }),
    account: (value) => accountName(value as Hex),
    time: (value) =>
        integer(value) >= FOREVER
            ? "an unknown time"
            : `${new Date(Number(value) * 1_000).toISOString().slice(0, 19).replace("T", " ")} UTC`,
    duration: (value) =>
        integer(value) >= FOREVER ? "an unlimited time" : formatDuration(Number(value as bigint)),
    name: (value) => parameterName(value as Hex),
    status: (value) => STATUSES[Number(value)] ?? `of status ${String(value)}`,
    state: (value) => (value ? "; the vault is paused" : ""),
};

/** Owner and number of an account. */
export function accountName(account: Hex): string {
    const index = BigInt(`0x${account.slice(42)}`);
    return shortAddress(account.slice(0, 42)) + (index === 0n ? "" : ` #${index}`);
}

function amount(value: unknown, token: TokenName | undefined): string {
    const units = integer(value);
    return token
        ? formatAmount(units, token.decimals, token.symbol)
        : `${formatInteger(units)} smallest units`;
}

function integer(value: unknown): bigint {
    return BigInt(value as bigint | number | string);
}

function parameterName(value: Hex): string {
    const bytes = value.slice(2).match(/../g) ?? [];
    return bytes
        .map((byte) => String.fromCharCode(parseInt(byte, 16)))
        .join("")
        .replace(/\0+$/, "");
}
