/** Which accounts the wallet may act for, and which of them is in front. */

import { computed, effect, signal } from "@preact/signals";
import { accountId, ownerOf } from "../lib/account";
import { accountsOf, EMPTY_LEDGER, nextIndex, operatedBy } from "../lib/ledger";
import { address } from "../wallet/wallet";
import { ledger } from "./activity";
import { clock } from "./head";
import { config } from "./session";
import type { Hex } from "viem";

/** Opened here and not used yet, so that no event tells of them. */
const drafts = signal<Hex[]>([]);
const picked = signal<Hex | null>(null);

/** The owner's own, by index. */
export const ownAccounts = computed<Hex[]>(() => {
    const owner = address.value;
    if (!owner) return [];
    const mine = drafts.value.filter((account) => ownerOf(account) === owner);
    return [...new Set([...accountsOf(ledger.value ?? EMPTY_LEDGER, owner), ...mine])].sort();
});

/** Others' accounts that the wallet operates. */
export const operatedAccounts = computed<Hex[]>(() =>
    address.value ? operatedBy(ledger.value ?? EMPTY_LEDGER, address.value, clock.value) : [],
);

/** The account that pages show and act for; null without a wallet. */
export const account = computed<Hex | null>(() => {
    const owner = address.value;
    if (!owner) return null;
    const may = [...ownAccounts.value, ...operatedAccounts.value];
    // Until the events are read, the one of the last visit is taken on trust: the vault refuses what is not allowed.
    const wanted = picked.value;
    if (wanted && (may.includes(wanted) || (ledger.value === null && ownerOf(wanted) === owner)))
        return wanted;
    return accountId(owner);
});

export const isOwner = computed(() => account.value !== null && ownerOf(account.value) === address.value);

export function choose(next: Hex): void {
    picked.value = next;
    const key = storageKey();
    if (key) localStorage.setItem(key, next);
}

/** The next unused account of the owner, in front at once; it is there on chain with its first deposit. */
export function openDraft(): Hex | null {
    const owner = address.value;
    if (!owner) return null;
    const next = accountId(owner, nextIndex(ownAccounts.value));
    drafts.value = [...drafts.value, next];
    choose(next);
    return next;
}

effect(() => {
    const key = storageKey();
    picked.value = key ? (localStorage.getItem(key) as Hex | null) : null;
});

function storageKey(): string | null {
    const owner = address.value;
    return owner && config.value ? `keel.account.${config.value.chainId}.${owner.toLowerCase()}` : null;
}
