/** ERC-2612 permits: a signature in place of an approval, where the token knows them. */

import { tokenAbi } from "@generated/abi";
import { domainSeparator, parseSignature, type Address, type Hex, type PublicClient } from "viem";
import { DOMAIN_FIELDS, signTyped } from "./typed";
import type { Wallet } from "./wallet";

export interface Permit {
    deadline: bigint;
    v: number;
    r: Hex;
    s: Hex;
}

const VALID_SECONDS = 20n * 60n;
const VERSIONS = ["1", "2"];

const TYPES = {
    EIP712Domain: DOMAIN_FIELDS,
    Permit: [
        { name: "owner", type: "address" },
        { name: "spender", type: "address" },
        { name: "value", type: "uint256" },
        { name: "nonce", type: "uint256" },
        { name: "deadline", type: "uint256" },
    ],
} as const;

/** The version of the token's signing domain that its separator matches; null where it knows no permits. */
export async function permitVersion(
    client: PublicClient,
    token: Address,
    chainId: number,
): Promise<string | null> {
    try {
        const erc20 = { address: token, abi: tokenAbi } as const;
        const [name, separator] = await Promise.all([
            client.readContract({ ...erc20, functionName: "name" }),
            client.readContract({ ...erc20, functionName: "DOMAIN_SEPARATOR" }),
        ]);
        const matches = (version: string) =>
            domainSeparator({ domain: { name, version, chainId, verifyingContract: token } }) === separator;
        return VERSIONS.find(matches) ?? null;
    } catch {
        return null; // a token without the functions: an approval does
    }
}

/** Asks the wallet to sign. Raises what the wallet raises. */
export async function signPermit(
    client: PublicClient,
    wallet: Wallet,
    token: Address,
    spender: Address,
    value: bigint,
    version: string,
): Promise<Permit> {
    const erc20 = { address: token, abi: tokenAbi } as const;
    const [name, nonce, block] = await Promise.all([
        client.readContract({ ...erc20, functionName: "name" }),
        client.readContract({ ...erc20, functionName: "nonces", args: [wallet.address] }),
        client.getBlock(),
    ]);
    const now = BigInt(Math.floor(Date.now() / 1_000));
    const deadline = (block.timestamp > now ? block.timestamp : now) + VALID_SECONDS;
    const content = {
        types: TYPES,
        primaryType: "Permit",
        domain: { name, version, chainId: wallet.chainId, verifyingContract: token },
        message: {
            owner: wallet.address,
            spender,
            value: value.toString(),
            nonce: nonce.toString(),
            deadline: deadline.toString(),
        },
    };
    const signature = await signTyped(wallet, content);
    const { r, s, yParity } = parseSignature(signature);
    return { deadline, v: yParity + 27, r, s };
}
