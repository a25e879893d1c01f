/** What the connected wallet holds: tokens, pool shares, a stake in the backstop. */

import { poolAbi, tokenAbi } from "@generated/abi";
import type { Address } from "viem";
import { useQuery, type Query } from "../../chain/query";
import type { Session } from "../../chain/session";
import { readShareStake } from "../../chain/shares";
import { wallet } from "../../wallet/wallet";
import type { ShareStake } from "../../ui/exit-shares";

export interface PoolStake {
    /** In the wallet {tok}. */
    balance: bigint;
    /** What the pool may take from the wallet {tok}. */
    allowance: bigint;
    shares: bigint;
    /** What the shares are worth now {tok}. */
    assets: bigint;
    /** Of that, what can leave now {tok}. */
    withdrawable: bigint;
}

export interface Stakes {
    /** By asset id. */
    pools: ReadonlyMap<number, PoolStake>;
    backstop: ShareStake;
}

export function useStakes(): Query<Stakes> {
    const owner = wallet.value?.address;
    return useQuery(owner ? `stakes ${owner}` : null, (open, block) => readStakes(open, owner!, block));
}

async function readStakes(open: Session, owner: Address, blockNumber: bigint): Promise<Stakes> {
    const { domain } = open;
    const lent = domain.assets.filter((asset) => asset.pool !== null);
    const [pools, backstop] = await Promise.all([
        Promise.all(lent.map(({ token, pool }) => readPoolStake(open, owner, token, pool!, blockNumber))),
        readShareStake(open, domain.backstop, owner, blockNumber),
    ]);
    return { pools: new Map(lent.map((asset, place) => [asset.id, pools[place]!])), backstop };
}

async function readPoolStake(
    { client }: Session,
    owner: Address,
    token: Address,
    pool: Address,
    blockNumber: bigint,
): Promise<PoolStake> {
    const erc20 = { address: token, abi: tokenAbi, blockNumber } as const;
    const vault = { address: pool, abi: poolAbi, blockNumber } as const;
    const [balance, allowance, shares, withdrawable] = await Promise.all([
        client.readContract({ ...erc20, functionName: "balanceOf", args: [owner] }),
        client.readContract({ ...erc20, functionName: "allowance", args: [owner, pool] }),
        client.readContract({ ...vault, functionName: "balanceOf", args: [owner] }),
        client.readContract({ ...vault, functionName: "maxWithdraw", args: [owner] }),
    ]);
    const assets = await client.readContract({ ...vault, functionName: "convertToAssets", args: [shares] });
    return { balance, allowance, shares, assets, withdrawable };
}
