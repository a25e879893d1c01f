/** Every listed asset as it is at the newest block: its pool, its caps, its price. */

import { effect, signal } from "@preact/signals";
import { backstopAbi, poolAbi, riskAbi, vaultAbi } from "@generated/abi";
import { annualised, max, mulDiv, valueOf, WAD } from "../lib/units";
import type { Asset } from "./domain";
import { explain } from "./errors";
import { head } from "./head";
import { session, type Session } from "./session";

export const STATUSES = ["fresh", "diverged", "stale", "none"] as const;
export type PriceStatus = (typeof STATUSES)[number];

export interface Band {
    priceWad: bigint;
    lowWad: bigint;
    highWad: bigint;
    halfWidthWad: bigint;
    status: PriceStatus;
}

export interface PoolState {
    /** What lenders own {tok}. */
    supply: bigint;
    /** What domains owe {tok}. */
    debt: bigint;
    cash: bigint;
    reserve: bigint;
    flagged: bigint;
    shares: bigint;
    /** Assets for one whole share, net of flagged shortfalls {tok}. */
    sharePrice: bigint;
    utilisationWad: bigint;
    ratePerSecondWad: bigint;
    reserveShareWad: bigint;
    borrowApyWad: bigint;
    supplyApyWad: bigint;
    /** The most this domain may owe the pool {tok}. */
    line: bigint;
}

export interface Market {
    asset: Asset;
    /** Null where the asset cannot be borrowed. */
    pool: PoolState | null;
    /** Held by accounts in the vault {tok}. */
    held: bigint;
    supplyCap: bigint;
    debtCap: bigint;
    /** Of the underlying. */
    band: Band;
    /** Of the token itself, rate included {USD}. */
    priceWad: bigint;
}

export interface BackstopState {
    assets: bigint;
    shares: bigint;
    sharePrice: bigint;
    flagged: bigint;
    cooldown: number;
    window: number;
}

export interface Markets {
    block: bigint;
    list: Market[];
    backstop: BackstopState;
    paused: boolean;
}

export const markets = signal<Markets | null>(null);
export const marketsError = signal<string | null>(null);

/** Keeps `markets` at the newest block. */
export function watchMarkets(): void {
    let busy = false;
    async function refresh(open: Session): Promise<void> {
        if (busy) return;
        busy = true;
        for (let at = head.peek(); at && session.peek() === open;) {
            const started = at;
            try {
                markets.value = await readMarkets(open, started.number);
                marketsError.value = null;
            } catch (error) {
                marketsError.value = explain(error);
                break;
            }
            at = head.peek()?.hash === started.hash ? null : head.peek();
        }
        busy = false;
    }
    effect(() => {
        const open = session.value;
        if (!open) markets.value = null;
        else if (head.value) void refresh(open);
    });
}

export function marketOf(list: Markets | null, asset: Asset | undefined): Market | undefined {
    return list?.list.find((market) => market.asset.id === asset?.id);
}

/** Value of an amount at the price of liquidation {USD}. */
export function usd(market: Market | undefined, amount: bigint): bigint {
    return market ? valueOf(amount, market.asset.decimals, market.priceWad) : 0n;
}

async function readMarkets(open: Session, blockNumber: bigint): Promise<Markets> {
    const { client, domain } = open;
    const backstop = { address: domain.backstop, abi: backstopAbi, blockNumber } as const;
    const one = 10n ** BigInt(domain.settlement.decimals + 6);
    const [list, paused, assets, shares, sharePrice, flagged, cooldown, window] = await Promise.all([
        Promise.all(domain.assets.map((asset) => readMarket(open, asset, blockNumber))),
        client.readContract({ address: domain.vault, abi: vaultAbi, functionName: "paused", blockNumber }),
        client.readContract({ ...backstop, functionName: "totalAssets" }),
        client.readContract({ ...backstop, functionName: "totalSupply" }),
        client.readContract({ ...backstop, functionName: "convertToAssets", args: [one] }),
        client.readContract({ ...backstop, functionName: "flagged" }),
        client.readContract({ ...backstop, functionName: "cooldown" }),
        client.readContract({ ...backstop, functionName: "window" }),
    ]);
    return {
        block: blockNumber,
        list,
        paused,
        backstop: {
            assets,
            shares,
            sharePrice,
            flagged,
            cooldown: Number(cooldown),
            window: Number(window),
        },
    };
}

async function readMarket(open: Session, asset: Asset, blockNumber: bigint): Promise<Market> {
    const { client, domain } = open;
    const risk = { address: domain.risk, abi: riskAbi, blockNumber } as const;
    const [info, band, value, pool] = await Promise.all([
        client.readContract({
            address: domain.vault,
            abi: vaultAbi,
            functionName: "assetInfo",
            args: [asset.token],
            blockNumber,
        }),
        client.readContract({ ...risk, functionName: "band", args: [BigInt(asset.underlying)] }),
        client.readContract({
            ...risk,
            functionName: "valueOf",
            args: [BigInt(asset.id), 10n ** BigInt(asset.decimals)],
        }),
        asset.pool ? readPool(open, asset, blockNumber) : null,
    ]);
    return {
        asset,
        pool,
        held: info.total,
        supplyCap: info.supplyCap,
        debtCap: info.debtCap,
        band: { ...band, status: STATUSES[band.status] ?? "none" },
        priceWad: value[0],
    };
}

async function readPool(open: Session, asset: Asset, blockNumber: bigint): Promise<PoolState> {
    const { client, domain } = open;
    const pool = { address: asset.pool!, abi: poolAbi, blockNumber } as const;
    const one = 10n ** BigInt(asset.poolDecimals);
    const [
        supply,
        debt,
        cash,
        reserve,
        flagged,
        shares,
        sharePrice,
        utilisation,
        rate,
        reserveShare,
        credit,
    ] = await Promise.all([
        client.readContract({ ...pool, functionName: "totalAssets" }),
        client.readContract({ ...pool, functionName: "totalDebt" }),
        client.readContract({ ...pool, functionName: "cash" }),
        client.readContract({ ...pool, functionName: "reserve" }),
        client.readContract({ ...pool, functionName: "flagged" }),
        client.readContract({ ...pool, functionName: "totalSupply" }),
        client.readContract({ ...pool, functionName: "convertToAssets", args: [one] }),
        client.readContract({ ...pool, functionName: "utilisationWad" }),
        client.readContract({ ...pool, functionName: "ratePerSecond" }),
        client.readContract({ ...pool, functionName: "reserveShareWad" }),
        client.readContract({ ...pool, functionName: "domainOf", args: [domain.vault] }),
    ]);
    return {
        supply,
        debt,
        cash,
        reserve,
        flagged,
        shares,
        sharePrice,
        utilisationWad: utilisation,
        ratePerSecondWad: rate,
        reserveShareWad: reserveShare,
        borrowApyWad: annualised(rate),
        supplyApyWad: annualised(lendersRate(rate, debt, supply, reserveShare)),
        line: max(0n, credit.line - credit.writtenOff),
    };
}

/** What lenders earn per second: interest on what is lent, less the reserve's share, over what they own. */
export function lendersRate(rate: bigint, debt: bigint, supply: bigint, reserveShareWad: bigint): bigint {
    return mulDiv(mulDiv(rate, debt, supply), WAD - reserveShareWad, WAD);
}
