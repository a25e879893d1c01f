/** The connected wallet: who, on which chain, and what it may do now. */

import { computed, effect, signal } from "@preact/signals";
import { getAddress, numberToHex, type Address } from "viem";
import { chainName, createClient } from "../chain/client";
import { explain } from "../chain/errors";
import { chainStatus } from "../chain/head";
import { config } from "../chain/session";
import { notify } from "../ui/toast-store";
import { discover, nodeConnectors, type Connector } from "./provider";

export interface Wallet {
    connector: Connector;
    address: Address;
    chainId: number;
}

export const connectors = signal<Connector[]>([]);
export const wallet = signal<Wallet | null>(null);
/** Whether the dialog that offers wallets is open. */
export const choosing = signal(false);
export const address = computed(() => wallet.value?.address ?? null);
export const onWrongNetwork = computed(
    () => wallet.value !== null && config.value !== null && wallet.value.chainId !== config.value.chainId,
);
/** Why nothing can be sent now; null where it can. */
export const obstacle = computed<string | null>(() => {
    if (!wallet.value) return "Connect a wallet first";
    if (onWrongNetwork.value) return `Switch the wallet to ${chainName(config.value?.chainId ?? 0)}`;
    const kind = chainStatus.value.kind;
    if (kind === "stale") return "The node lags behind";
    return kind === "live" ? null : "The node does not answer";
});

const REMEMBERED = "keel.wallet";
const UNKNOWN_CHAIN = 4902;

let forget: () => void = () => undefined;

/** Finds wallets, and connects the one of the last visit without asking. */
export function startWallets(): void {
    discover(add);
    const stop = effect(() => {
        const known = config.value;
        if (!known) return;
        nodeConnectors(known, createClient(known)).forEach(add);
        queueMicrotask(() => stop());
    });
}

export async function connect(connector: Connector): Promise<void> {
    try {
        await use(connector, "eth_requestAccounts");
        localStorage.setItem(REMEMBERED, connector.id);
        choosing.value = false;
    } catch (error) {
        notify({ kind: "failed", title: `${connector.name} did not connect`, detail: explain(error) });
    }
}

export function disconnect(): void {
    forget();
    localStorage.removeItem(REMEMBERED);
    wallet.value = null;
}

/** Asks the wallet to go to this console's chain, and tells it of the chain where it does not know it. */
export async function switchNetwork(): Promise<void> {
    const known = config.value;
    const provider = wallet.value?.connector.provider;
    if (!known || !provider) return;
    const chainId = numberToHex(known.chainId);
    try {
        try {
            await provider.request({ method: "wallet_switchEthereumChain", params: [{ chainId }] });
        } catch (error) {
            if ((error as { code?: number }).code !== UNKNOWN_CHAIN) throw error;
            const chain = {
                chainId,
                chainName: chainName(known.chainId),
                rpcUrls: [known.rpc],
                nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
            };
            await provider.request({ method: "wallet_addEthereumChain", params: [chain] });
        }
        await refreshChain();
    } catch (error) {
        notify({ kind: "failed", title: "The wallet did not switch", detail: explain(error) });
    }
}

function add(connector: Connector): void {
    if (connectors.value.some((known) => known.id === connector.id)) return;
    // A wallet may be found twice: as window.ethereum, and by its announcement, which says more.
    const others = connectors.value.filter((known) => known.provider !== connector.provider);
    connectors.value = [...others, connector];
    if (localStorage.getItem(REMEMBERED) === connector.id && !wallet.value) {
        use(connector, "eth_accounts").catch(() => localStorage.removeItem(REMEMBERED));
    }
}

async function use(connector: Connector, method: "eth_accounts" | "eth_requestAccounts"): Promise<void> {
    const { provider } = connector;
    const accounts = (await provider.request({ method })) as string[];
    const first = accounts[0];
    if (!first) throw new Error("The wallet offers no account.");
    const chainId = await chainOfWallet(connector);
    forget();
    wallet.value = { connector, address: getAddress(first), chainId };
    const onAccounts = (list: readonly string[]) => {
        const next = list[0];
        if (next && wallet.value) wallet.value = { ...wallet.value, address: getAddress(next) };
        else disconnect();
    };
    const onChain = () => void refreshChain();
    provider.on?.("accountsChanged", onAccounts);
    provider.on?.("chainChanged", onChain);
    provider.on?.("disconnect", onChain);
    forget = () => {
        provider.removeListener?.("accountsChanged", onAccounts);
        provider.removeListener?.("chainChanged", onChain);
        provider.removeListener?.("disconnect", onChain);
    };
}

async function refreshChain(): Promise<void> {
    const current = wallet.value;
    if (!current) return;
    try {
        const chainId = await chainOfWallet(current.connector);
        if (wallet.value === current) wallet.value = { ...current, chainId };
    } catch {
        disconnect();
    }
}

async function chainOfWallet(connector: Connector): Promise<number> {
    // A node's accounts are on its chain by definition, whether it answers now or not.
    if (connector.kind === "node") return config.value?.chainId ?? 0;
    return Number(await connector.provider.request({ method: "eth_chainId" }));
}
