/** Signatures over typed data (EIP-712). */

import type { Hex } from "viem";
import type { Wallet } from "./wallet";

export const DOMAIN_FIELDS = [
    { name: "name", type: "string" },
    { name: "version", type: "string" },
    { name: "chainId", type: "uint256" },
    { name: "verifyingContract", type: "address" },
] as const;

/** Asks the wallet to sign; integers are decimal text. Raises what the wallet raises. */
export async function signTyped(wallet: Wallet, content: object): Promise<Hex> {
    return (await wallet.connector.provider.request({
        method: "eth_signTypedData_v4",
        params: [wallet.address, JSON.stringify(content)],
    })) as Hex;
}
