/** Tokens from the wallet into the vault: by an allowance that is there, by a permit signed on the way, or by an approval first. */

import { tokenAbi } from "@generated/abi";
import type { Hex } from "viem";
import { approve, deposit } from "../chain/calls";
import type { Asset } from "../chain/domain";
import { useQuery } from "../chain/query";
import type { Session } from "../chain/session";
import { approval } from "./approve";
import { permitVersion, signPermit, type Permit } from "./permit";
import type { Call } from "./simulate";
import type { Plan, Step } from "./transact";
import { wallet } from "./wallet";

/** What the wallet has of an asset and how the vault may take it. */
export interface Purse {
    balance: bigint;
    allowance: bigint;
    /** Version of the token's permits; null where it knows none. */
    permit: string | null;
}

export function usePurse(asset: Asset) {
    const owner = wallet.value?.address;
    return useQuery(
        owner ? `purse ${owner} ${asset.id}` : null,
        async ({ client, domain, config }, blockNumber) => {
            const erc20 = { address: asset.token, abi: tokenAbi, blockNumber } as const;
            const [balance, allowance, permit] = await Promise.all([
                client.readContract({ ...erc20, functionName: "balanceOf", args: [owner!] }),
                client.readContract({ ...erc20, functionName: "allowance", args: [owner!, domain.vault] }),
                permitVersion(client, asset.token, config.chainId),
            ]);
            return { balance, allowance, permit };
        },
    );
}

export type Means = "allowance" | "permit" | "approval";

export function meansOf(purse: Purse, amount: bigint): Means {
    if (purse.allowance >= amount) return "allowance";
    return purse.permit === null ? "approval" : "permit";
}

interface Payment {
    session: Session;
    account: Hex;
    asset: Asset;
    amount: bigint;
    purse: Purse;
    title: string;
    /** The transaction around the deposit. */
    build: (deposit: Hex) => Call;
}

/** Steps and preview of a plan in which the vault takes the amount. */
export function payingSteps(payment: Payment): Pick<Plan, "steps" | "simulated"> {
    const { session, account, asset, amount, purse, title, build } = payment;
    const call = build(deposit(account, asset, amount));
    const last: Step = { title, call };
    const means = meansOf(purse, amount);
    if (means === "allowance") return { steps: [last] };
    if (means === "approval") return { steps: [approval(asset, session.domain.vault, amount), last] };
    const sign = async () => {
        const signer = wallet.peek();
        if (!signer) throw new Error("The wallet has been disconnected.");
        const { client, domain } = session;
        const version = purse.permit!;
        const permit: Permit = await signPermit(client, signer, asset.token, domain.vault, amount, version);
        return build(deposit(account, asset, amount, permit));
    };
    return {
        steps: [{ ...last, sign }],
        simulated: [approve(asset.token, session.domain.vault, amount), call],
    };
}
