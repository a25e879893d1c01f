/** Calldata of the vault: single operations and batches of them. */

import { tokenAbi, vaultAbi } from "@generated/abi";
import { encodeFunctionData, maxUint256, type Address, type Hex } from "viem";
import { encodePath, type Path } from "../lib/paths";
import { WAD } from "../lib/units";
import type { Permit } from "../wallet/permit";
import type { Call } from "../wallet/simulate";
import type { Asset, Domain } from "./domain";

export const ALL = maxUint256;

/** The encoded operations as one transaction: a batch where there are several, checked once at its end. */
export function batch(domain: Domain, operations: readonly Hex[], value?: bigint): Call {
    const only = operations.length === 1 ? operations[0] : undefined;
    const data =
        only ?? encodeFunctionData({ abi: vaultAbi, functionName: "execute", args: [[...operations]] });
    return { to: domain.vault, data, ...(value ? { value } : {}) };
}

export function approve(token: Address, spender: Address, amount: bigint): Call {
    return {
        to: token,
        data: encodeFunctionData({ abi: tokenAbi, functionName: "approve", args: [spender, amount] }),
    };
}

export function deposit(account: Hex, asset: Asset, amount: bigint, permit?: Permit): Hex {
    if (!permit) {
        const args = [account, asset.token, amount] as const;
        return encodeFunctionData({ abi: vaultAbi, functionName: "deposit", args });
    }
    return encodeFunctionData({
        abi: vaultAbi,
        functionName: "depositWithPermit",
        args: [account, asset.token, amount, permit.deadline, permit.v, permit.r, permit.s],
    });
}

export function depositNative(account: Hex): Hex {
    return encodeFunctionData({ abi: vaultAbi, functionName: "depositNative", args: [account] });
}

export function withdraw(account: Hex, asset: Asset, amount: bigint, to: Address): Hex {
    const args = [account, asset.token, amount, to] as const;
    return encodeFunctionData({ abi: vaultAbi, functionName: "withdraw", args });
}

export function withdrawNative(account: Hex, amount: bigint, to: Address): Hex {
    return encodeFunctionData({ abi: vaultAbi, functionName: "withdrawNative", args: [account, amount, to] });
}

export function borrow(account: Hex, asset: Asset, amount: bigint, to: Address): Hex {
    const args = [account, asset.token, amount, to] as const;
    return encodeFunctionData({ abi: vaultAbi, functionName: "borrow", args });
}

export function repay(account: Hex, asset: Asset, amount: bigint): Hex {
    return encodeFunctionData({ abi: vaultAbi, functionName: "repay", args: [account, asset.token, amount] });
}

export function transfer(from: Hex, to: Hex, asset: Asset, amount: bigint): Hex {
    return encodeFunctionData({
        abi: vaultAbi,
        functionName: "transfer",
        args: [from, to, asset.token, amount],
    });
}

export function setOperator(account: Hex, operator: Address, expiry: bigint): Hex {
    return encodeFunctionData({
        abi: vaultAbi,
        functionName: "setOperator",
        args: [account, operator, expiry],
    });
}

export interface SwapOrder {
    sell: Asset;
    buy: Asset;
    /** Sold, or with `exactOut` bought. */
    amount: bigint;
    exactOut: boolean;
    /** The least that is bought, or the most that is spent. */
    limit: bigint;
    path: Path;
    /** The most it may lose against the oracle; one leaves the bound to `limit`. */
    maxLossWad?: bigint;
}

export function swap(domain: Domain, account: Hex, order: SwapOrder): Hex {
    const params = {
        adapter: domain.adapter,
        assetIn: order.sell.token,
        assetOut: order.buy.token,
        exactOut: order.exactOut,
        amount: order.amount,
        limit: order.limit,
        maxLossWad: order.maxLossWad ?? WAD,
        route: encodePath(order.path, (id) => domain.assets[id]!.token),
    };
    return encodeFunctionData({ abi: vaultAbi, functionName: "swap", args: [account, params] });
}
