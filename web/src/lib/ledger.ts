/** What the vault's and the engine's events say: which accounts there are, who operates them, what was taken over. */

import type { Address, Hex } from "viem";
import { max, mulDiv, WAD } from "./units";

/** A decoded event. `args` are those of the contract's ABI. */
export interface Entry {
    name: string;
    args: Readonly<Record<string, unknown>>;
    block: bigint;
    /** Seconds; zero where the node does not say. */
    time: number;
    transaction: Hex;
    place: number;
}

export interface Takeover {
    key: string;
    block: bigint;
    time: number;
    transaction: Hex;
    account: Hex;
    into: Hex;
    caller: Address;
    fractionWad: bigint;
    /** Settlement tokens from the taker, fee included and top-up deducted; below zero: to him. */
    payment: bigint;
    backstopFee: bigint;
    topUp: bigint;
    equityWad: bigint;
    requirementWad: bigint;
}

export interface WriteOff {
    key: string;
    block: bigint;
    time: number;
    transaction: Hex;
    account: Hex;
    token: Address;
    amount: bigint;
}

export interface Flag {
    account: Hex;
    shortfallWad: bigint;
    block: bigint;
}

export interface Ledger {
    accounts: ReadonlySet<Hex>;
    /** Expiry in seconds of each operator of each account; ended ones are not in it. */
    operators: ReadonlyMap<Hex, ReadonlyMap<Address, bigint>>;
    takeovers: readonly Takeover[];
    writeOffs: readonly WriteOff[];
    flags: ReadonlyMap<Hex, Flag>;
    /** Blocks in which the backstop may have gained or paid. */
    backstopBlocks: readonly bigint[];
}

export const EMPTY_LEDGER: Ledger = {
    accounts: new Set(),
    operators: new Map(),
    takeovers: [],
    writeOffs: [],
    flags: new Map(),
    backstopBlocks: [],
};

/** The ledger after more events, in the chain's order. */
export function fold(ledger: Ledger, entries: readonly Entry[]): Ledger {
    if (entries.length === 0) return ledger;
    const accounts = new Set(ledger.accounts);
    const operators = new Map(ledger.operators);
    const flags = new Map(ledger.flags);
    const takeovers = [...ledger.takeovers];
    const writeOffs = [...ledger.writeOffs];
    const blocks = new Set(ledger.backstopBlocks);

    for (const { name, args, block, time, transaction, place } of entries) {
        const account = args["account"] as Hex;
        const where = { key: `${transaction}:${place}`, block, time, transaction };
        switch (name) {
            case "Deposited":
                accounts.add(account);
                break;
            case "Transferred":
                accounts.add(args["to"] as Hex);
                break;
            case "OperatorSet":
                operators.set(account, withOperator(operators.get(account), args));
                break;
            case "Liquidated":
                accounts.add(args["into"] as Hex);
                flags.delete(account);
                blocks.add(block);
                takeovers.push({
                    ...where,
                    account,
                    into: args["into"] as Hex,
                    caller: args["caller"] as Address,
                    fractionWad: args["fractionWad"] as bigint,
                    payment: args["payment"] as bigint,
                    backstopFee: args["backstopFee"] as bigint,
                    topUp: args["topUp"] as bigint,
                    equityWad: args["equity"] as bigint,
                    requirementWad: args["requirement"] as bigint,
                });
                break;
            case "DebtWrittenOff":
                writeOffs.push({
                    ...where,
                    account,
                    token: args["token"] as Address,
                    amount: args["amount"] as bigint,
                });
                break;
            case "ShortfallCovered":
                blocks.add(block);
                break;
            case "AccountFlagged":
                flags.set(account, { account, shortfallWad: args["shortfallWad"] as bigint, block });
                break;
            case "AccountUnflagged":
            case "AccountWrittenOff":
                flags.delete(account);
                break;
        }
    }
    return { accounts, operators, takeovers, writeOffs, flags, backstopBlocks: [...blocks] };
}

/** Accounts of an owner by index; the first one is there before it is used. */
export function accountsOf(ledger: Ledger, owner: Address): Hex[] {
    const prefix = owner.toLowerCase();
    const first = `${prefix}${"0".repeat(24)}` as Hex;
    const found = [...ledger.accounts].filter((account) => account.toLowerCase().startsWith(prefix));
    return [...new Set([first, ...found])].sort();
}

/** Accounts for which an address may act now, its own not among them. */
export function operatedBy(ledger: Ledger, operator: Address, now: number): Hex[] {
    const wanted = operator.toLowerCase();
    const found: Hex[] = [];
    for (const [account, known] of ledger.operators) {
        for (const [address, expiry] of known) {
            if (address.toLowerCase() === wanted && expiry >= BigInt(now)) found.push(account);
        }
    }
    return found.sort();
}

/** The lowest index that none of these accounts has. */
export function nextIndex(accounts: readonly Hex[]): bigint {
    const taken = new Set(accounts.map((account) => BigInt(`0x${account.slice(42)}`)));
    let index = 0n;
    while (taken.has(index)) index += 1n;
    return index;
}

/** What a takeover's slice was worth beyond what the account got for it, in dollars {WAD}, with its parts. */
export function premiumOf(takeover: Takeover, settlementDecimals: number, settlementPriceWad: bigint) {
    const dollars = (amount: bigint) => (amount * settlementPriceWad) / 10n ** BigInt(settlementDecimals);
    const { payment, backstopFee, topUp, equityWad, fractionWad } = takeover;
    const received = payment - backstopFee + topUp;
    const totalWad = max(0n, mulDiv(equityWad, fractionWad, WAD) - dollars(received));
    return {
        totalWad,
        feeWad: dollars(backstopFee),
        topUpWad: dollars(topUp),
        /** What the taker keeps, before he sells anything. */
        takerWad: max(0n, totalWad - dollars(backstopFee)) + dollars(topUp),
        /** Of the slice's maintenance requirement, as the premium curve counts it. */
        shareWad: mulDiv(totalWad, WAD, mulDiv(takeover.requirementWad, fractionWad, WAD)),
    };
}

/** Health when it was taken over, from equity at the exchange price. */
export function healthThen({ equityWad, requirementWad }: Takeover): bigint {
    return equityWad <= 0n ? 0n : mulDiv(equityWad, WAD, requirementWad);
}

/** At most `count` of many, evenly apart, first and last among them. */
export function spread<T>(items: readonly T[], count: number): T[] {
    if (items.length <= count) return [...items];
    return Array.from(
        { length: count },
        (_, place) => items[Math.round((place * (items.length - 1)) / (count - 1))]!,
    );
}

function withOperator(
    known: ReadonlyMap<Address, bigint> | undefined,
    args: Readonly<Record<string, unknown>>,
): ReadonlyMap<Address, bigint> {
    const next = new Map(known);
    const expiry = args["newExpiry"] as bigint;
    if (expiry === 0n) next.delete(args["operator"] as Address);
    else next.set(args["operator"] as Address, expiry);
    return next;
}
