/** Signed perpetual orders: what is signed and how it is said. */

import type { Address, Hex } from "viem";
import { DOMAIN_FIELDS } from "../wallet/typed";

export type OrderKind = "limit" | "stop" | "profit";

export const REDUCE_ONLY = 1;
export const POST_ONLY = 2;
export const FILL_OR_KILL = 4;

// IPerpOrders.Trigger
const NO_TRIGGER = 0;
const AT_OR_ABOVE = 1;
const AT_OR_BELOW = 2;

const ORDER_FIELDS = [
    { name: "account", type: "bytes32" },
    { name: "market", type: "address" },
    { name: "signer", type: "address" },
    { name: "sizeWad", type: "int256" },
    { name: "limitPriceWad", type: "uint256" },
    { name: "triggerPriceWad", type: "uint256" },
    { name: "trigger", type: "uint256" },
    { name: "expiry", type: "uint256" },
    { name: "nonce", type: "uint256" },
    { name: "flags", type: "uint256" },
    { name: "maxFeeWad", type: "uint256" },
    { name: "tip", type: "uint256" },
] as const;

const CANCEL_FIELDS = [
    { name: "account", type: "bytes32" },
    { name: "signer", type: "address" },
    { name: "orders", type: "bytes32[]" },
    { name: "deadline", type: "uint256" },
] as const;

/** As the matcher and wallets take it: integers are decimal text. */
export type OrderFields = { account: Hex; market: Address; signer: Address } & Record<
    Exclude<(typeof ORDER_FIELDS)[number]["name"], "account" | "market" | "signer">,
    string
>;

export interface CancelFields {
    account: Hex;
    signer: Address;
    orders: readonly Hex[];
    deadline: string;
}

export interface OrderWish {
    kind: OrderKind;
    account: Hex;
    market: Address;
    signer: Address;
    /** Bought, below zero: sold. */
    sizeWad: bigint;
    limitWad: bigint;
    /** Index at which a stop or take-profit order wakes. */
    triggerWad: bigint;
    expiry: number;
    nonce: bigint;
    flags: number;
    maxFeeWad: bigint;
    tip: bigint;
}

export function orderFields(wish: OrderWish): OrderFields {
    const { account, market, signer } = wish;
    return {
        ...{ account, market, signer },
        sizeWad: wish.sizeWad.toString(),
        limitPriceWad: wish.limitWad.toString(),
        triggerPriceWad: (wish.kind === "limit" ? 0n : wish.triggerWad).toString(),
        trigger: triggerOf(wish.kind, wish.sizeWad > 0n).toString(),
        expiry: wish.expiry.toString(),
        nonce: wish.nonce.toString(),
        flags: wish.flags.toString(),
        maxFeeWad: wish.maxFeeWad.toString(),
        tip: (wish.kind === "limit" ? 0n : wish.tip).toString(),
    };
}

/** A stop buys when the index rises and sells when it falls; taking profit is the other way round. */
export function triggerOf(kind: OrderKind, buys: boolean): number {
    if (kind === "limit") return NO_TRIGGER;
    return (kind === "stop") === buys ? AT_OR_ABOVE : AT_OR_BELOW;
}

/** "at or above $2,100" without the price; null for an order without a trigger. */
export function triggerWords(trigger: number): string | null {
    if (trigger === NO_TRIGGER) return null;
    return trigger === AT_OR_ABOVE ? "at or above" : "at or below";
}

export function flagWords(flags: number): string[] {
    return [
        ...(flags & REDUCE_ONLY ? ["reduce-only"] : []),
        ...(flags & POST_ONLY ? ["post-only"] : []),
        ...(flags & FILL_OR_KILL ? ["fill or kill"] : []),
    ];
}

export function typedOrder(chainId: number, contract: Address, message: OrderFields) {
    return typed(chainId, contract, "Order", ORDER_FIELDS, message);
}

export function typedCancel(chainId: number, contract: Address, message: CancelFields) {
    return typed(chainId, contract, "CancelOrders", CANCEL_FIELDS, message);
}

function typed(chainId: number, contract: Address, name: string, fields: readonly object[], message: object) {
    return {
        types: { EIP712Domain: DOMAIN_FIELDS, [name]: fields },
        primaryType: name,
        domain: { name: "Keel Perp Orders", version: "1", chainId, verifyingContract: contract },
        message,
    };
}

/** A nonce by time, so that older orders can be called off by number, and another one each where all below a later are. */
export function timedNonce(lowest: bigint, milliseconds: number): bigint {
    const now = BigInt(milliseconds) * 1_000n;
    return now >= lowest ? now : lowest + now;
}
