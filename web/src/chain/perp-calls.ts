/** What accounts hand to perpetual markets, through the vault. */

import { perpAbi, vaultAbi } from "@generated/abi";
import { encodeAbiParameters, encodeFunctionData, maxUint256, parseAbiParameters, type Hex } from "viem";
import { accountId } from "../lib/account";
import type { Call } from "../wallet/simulate";
import type { Domain, Perp } from "./domain";

// IPerpMarket.Action
const TRADE = 0;
const FILLS = 1;
const SETTLE = 2;
const TRADE_FIELDS = parseAbiParameters("uint8, address, int256, uint256");
const FILLS_FIELDS = parseAbiParameters([
    "uint8, bytes32, Fill[], uint256, bytes32",
    "struct Fill { bytes32 maker; int256 sizeWad; uint256 priceWad; uint256 tip; bool quotes; }",
]);
const NOBODY: Hex = `0x${"0".repeat(64)}`;

/** A trade with the virtual AMM at `limitWad` or better; without a limit at any price. */
export function trade(account: Hex, perp: Perp, sizeWad: bigint, limitWad?: bigint): Hex {
    const limit = limitWad ?? (sizeWad > 0n ? maxUint256 : 0n);
    return call(account, perp, encodeAbiParameters(TRADE_FIELDS, [TRADE, perp.amm, sizeWad, limit]));
}

/** Settlement inside a batch: a loss is paid from what the account holds. */
export function settleWithin(account: Hex, perp: Perp): Hex {
    return call(account, perp, encodeAbiParameters([{ type: "uint8" }], [SETTLE]));
}

/** Settlement by itself, which anybody may send. */
export function settle(account: Hex, perp: Perp): Call {
    return {
        to: perp.market,
        data: encodeFunctionData({ abi: perpAbi, functionName: "settle", args: [account] }),
    };
}

/**
 * A fill of an order of `account` at a price, as the contract of signed orders would hand it in, with the virtual AMM's
 * account on the other side: for simulations alone.
 */
export function fillAsOrder(
    domain: Domain,
    account: Hex,
    perp: Perp,
    sizeWad: bigint,
    priceWad: bigint,
): Call | null {
    if (!domain.orders) return null;
    const fill = { maker: accountId(perp.amm), sizeWad, priceWad, tip: 0n, quotes: false };
    const data = encodeAbiParameters(FILLS_FIELDS, [FILLS, account, [fill], 0n, NOBODY]);
    return { to: domain.vault, from: domain.orders, data: call(accountId(domain.orders), perp, data) };
}

function call(account: Hex, perp: Perp, data: Hex): Hex {
    return encodeFunctionData({
        abi: vaultAbi,
        functionName: "callInstrument",
        args: [account, perp.market, data],
    });
}
