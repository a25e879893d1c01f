/** Account ids: the owner's address in the upper 20 bytes, an index of his choice in the lower 12. */

import { getAddress, type Address, type Hex } from "viem";

export function accountId(owner: Address, index = 0n): Hex {
    return `${owner.toLowerCase()}${index.toString(16).padStart(24, "0")}` as Hex;
}

export function ownerOf(account: Hex): Address {
    return getAddress(account.slice(0, 42));
}

export function indexOf(account: Hex): bigint {
    return BigInt(`0x${account.slice(42)}`);
}
