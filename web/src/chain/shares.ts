/** What a wallet has of shares that are left by request, cooldown and window (IExitShares). */

import { sharesAbi, tokenAbi } from "@generated/abi";
import type { Address } from "viem";
import type { ShareStake } from "../ui/exit-shares";
import type { Session } from "./session";

export async function readShareStake(
    { client, domain }: Session,
    contract: Address,
    owner: Address,
    blockNumber: bigint,
): Promise<ShareStake> {
    const of = { address: contract, abi: sharesAbi, blockNumber } as const;
    const token = { address: domain.settlement.token, abi: tokenAbi, blockNumber } as const;
    const [balance, allowance, shares, exit] = await Promise.all([
        client.readContract({ ...token, functionName: "balanceOf", args: [owner] }),
        client.readContract({ ...token, functionName: "allowance", args: [owner, contract] }),
        client.readContract({ ...of, functionName: "balanceOf", args: [owner] }),
        client.readContract({ ...of, functionName: "exitOf", args: [owner] }),
    ]);
    const assets = await client.readContract({ ...of, functionName: "convertToAssets", args: [shares] });
    return {
        ...{ balance, allowance, shares, assets },
        exit: { shares: exit.shares, opensAt: Number(exit.opensAt), closesAt: Number(exit.closesAt) },
    };
}
