/** The step that lets a contract take exactly what it is about to take. */

import { tokenAbi } from "@generated/abi";
import { encodeFunctionData, type Address } from "viem";
import type { Asset } from "../chain/domain";
import { formatAmount } from "../lib/format";
import type { Step } from "./transact";

export function approval(asset: Asset, spender: Address, amount: bigint): Step {
    return {
        title: `Approve ${formatAmount(amount, asset.decimals, asset.symbol)}`,
        call: {
            to: asset.token,
            data: encodeFunctionData({ abi: tokenAbi, functionName: "approve", args: [spender, amount] }),
        },
    };
}
