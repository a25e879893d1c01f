/** Option markets and positions in them, at the newest block. */

import { aggregatorAbi, optionAbi, optionLensAbi, optionOrdersAbi, vaultAbi } from "@generated/abi";
import { encodeAbiParameters, encodeFunctionData, parseAbiParameters, type Address, type Hex } from "viem";
import { accountId } from "../lib/account";
import { sortedLegs, type Offer, type OptionOrder, type Terms } from "../lib/options";
import { timedNonce } from "../lib/orders";
import { abs, WAD } from "../lib/units";
import type { Call } from "../wallet/simulate";
import type { Domain, OptionMarket } from "./domain";
import { STATUSES, type PriceStatus } from "./markets";
import { useQuery } from "./query";
import type { Session } from "./session";
import { riskAbi } from "@generated/abi";

export interface Series extends Terms {
    series: bigint;
    /** Of one unit, at the index {USD}. */
    valueWad: bigint;
    volatilityWad: bigint;
    deltaWad: bigint;
    openInterestWad: bigint;
    status: PriceStatus;
}

export interface OptionState {
    indexWad: bigint;
    status: PriceStatus;
    series: readonly Series[];
    /** Settlement prices of expiries that have passed; null while one is not fixed. */
    settled: readonly { expiry: number; priceWad: bigint | null }[];
    openInterestWad: bigint;
    takerFeeWad: bigint;
    makerFeeWad: bigint;
    feeCapWad: bigint;
}

export interface OptionHolding extends Terms {
    series: bigint;
    sizeWad: bigint;
    /** Of all of it {USD}. */
    worthWad: bigint;
}

export interface OptionAccount {
    holdings: readonly OptionHolding[];
    /** What was paid for all of them less what was settled, and profit {quote, 36 decimals}. */
    cost: bigint;
    pnl: bigint;
    /** Claims {settlement tok}. */
    waiting: bigint;
    allotted: bigint;
    isEmpty: boolean;
}

const PAGE = 64;
/** Rounds that are looked at to find the last one before an expiry. */
const ROUNDS = 512;
// IOptionMarket.Action
const FILLS = 0;
const FILLS_FIELDS = parseAbiParameters([
    "uint8, bytes32, Leg[], Fill[]",
    "struct Leg { uint256 series; int256 ratio; }",
    "struct Fill { bytes32 maker; int256 unitsWad; int256 premiumWad; }",
]);

export function useOptions(market: OptionMarket) {
    return useQuery(`options ${market.market}`, (open, block) => readOptions(open, market, block));
}

/** What an account has in a market; asks nothing without an account. */
export function useOptionAccount(market: OptionMarket, account: Hex | null) {
    return useQuery(account && `option account ${market.market} ${account}`, (open, block) =>
        readOptionAccount(open, market, account!, block),
    );
}

async function readOptions(
    { client, domain }: Session,
    market: OptionMarket,
    blockNumber: bigint,
): Promise<OptionState> {
    const contract = { address: market.market, abi: optionAbi, blockNumber } as const;
    const [alive, parameters, totals, band, block] = await Promise.all([
        client.readContract({ ...contract, functionName: "aliveSeries" }),
        client.readContract({ ...contract, functionName: "parameters" }),
        client.readContract({ ...contract, functionName: "totals" }),
        client.readContract({
            ...{ address: domain.risk, abi: riskAbi, functionName: "band", blockNumber },
            args: [BigInt(market.underlying)],
        }),
        client.getBlock({ blockNumber }),
    ]);
    const pages = Array.from({ length: Math.ceil(alive.length / PAGE) }, (_, page) =>
        alive.slice(page * PAGE, (page + 1) * PAGE),
    );
    const rows = await Promise.all(
        pages.map((page) =>
            client.readContract({
                ...{ address: domain.optionLens!, abi: optionLensAbi, functionName: "chain", blockNumber },
                args: [market.market, page],
            }),
        ),
    );
    const series = rows.flat().map((row) => ({
        ...row,
        expiry: Number(row.expiry),
        status: STATUSES[row.status] ?? ("none" as const),
    }));
    const past = [...new Set(series.map(({ expiry }) => expiry))].filter(
        (expiry) => expiry <= Number(block.timestamp),
    );
    const settled = await Promise.all(
        past.map(async (expiry) => {
            const args = [BigInt(expiry)] as const;
            const [priceWad, known] = await client.readContract({
                ...contract,
                functionName: "settlementPrice",
                args,
            });
            return { expiry, priceWad: known ? priceWad : null };
        }),
    );
    return {
        indexWad: band.priceWad,
        status: STATUSES[band.status] ?? "none",
        series,
        settled: settled.sort((a, b) => b.expiry - a.expiry),
        openInterestWad: totals.openInterestWad,
        takerFeeWad: parameters.takerFeeWad,
        makerFeeWad: parameters.makerFeeWad,
        feeCapWad: parameters.feeCapWad,
    };
}

export async function readOptionAccount(
    { client }: Session,
    market: OptionMarket,
    account: Hex,
    blockNumber: bigint,
): Promise<OptionAccount> {
    const contract = { address: market.market, abi: optionAbi, blockNumber } as const;
    const [positions, balance] = await Promise.all([
        client.readContract({ ...contract, functionName: "positions", args: [account] }),
        client.readContract({ ...contract, functionName: "balanceOf", args: [account] }),
    ]);
    const ids = positions.map(({ series }) => series);
    const [values, terms] = await Promise.all([
        client.readContract({ ...contract, functionName: "valuesOf", args: [ids] }),
        Promise.all(
            ids.map((id) => client.readContract({ ...contract, functionName: "seriesOf", args: [id] })),
        ),
    ]);
    const holdings = positions.map(({ series, sizeWad }, place) => ({
        ...{ series, sizeWad, expiry: Number(terms[place]!.expiry), strikeWad: terms[place]!.strikeWad },
        call: terms[place]!.call,
        worthWad: (sizeWad * values[place]!) / WAD,
    }));
    const { cost, pnl, waiting, allotted } = balance;
    const isEmpty = holdings.length === 0 && cost === 0n && waiting === 0n && allotted === 0n;
    return { holdings, cost, pnl, waiting, allotted, isEmpty };
}

/** Settles an account, which anybody may send. */
export function settleOptions(market: OptionMarket, account: Hex): Call {
    const data = encodeFunctionData({ abi: optionAbi, functionName: "settle", args: [account] });
    return { to: market.market, data };
}

/** Fixes an expiry's price by the feed's last round before it, and settles the account. */
export function settleExpired(market: OptionMarket, expiry: number, round: bigint, account: Hex): Call {
    const data = encodeFunctionData({
        abi: optionAbi,
        functionName: "settleExpired",
        args: [BigInt(expiry), round, [account]],
    });
    return { to: market.market, data };
}

/** The feed's last round that is not later than `expiry`. Raises where it is too far back. */
export async function roundAt({ client }: Session, aggregator: Address, expiry: number): Promise<bigint> {
    const feed = { address: aggregator, abi: aggregatorAbi } as const;
    let [round, , , updatedAt] = await client.readContract({ ...feed, functionName: "latestRoundData" });
    for (let step = 0; updatedAt > BigInt(expiry); step += 1) {
        if (step === ROUNDS) throw new Error(`The feed had more than ${ROUNDS} rounds since the expiry.`);
        round -= 1n;
        [, , , updatedAt] = await client.readContract({
            ...feed,
            functionName: "getRoundData",
            args: [round],
        });
    }
    return round;
}

/**
 * What `matchOrders` does to taker and maker of an offer, as the contract of signed orders hands it to the vault: for
 * simulations, before the taker has signed.
 */
export function fillOffer(domain: Domain, offer: Offer, taker: Hex, unitsWad: bigint): Call {
    const { order } = offer;
    const signed = order.unitsWad > 0n ? -unitsWad : unitsWad;
    const fill = { maker: order.account, unitsWad: signed, premiumWad: order.limitPremiumWad };
    const data = encodeAbiParameters(FILLS_FIELDS, [FILLS, taker, sortedLegs(order.legs), [fill]]);
    return {
        to: domain.vault,
        from: domain.optionOrders!,
        data: encodeFunctionData({
            abi: vaultAbi,
            functionName: "callInstrument",
            args: [accountId(domain.optionOrders!), order.market, data],
        }),
    };
}

/** One maker's offer against a taker's order. */
export function matchOffers(domain: Domain, taker: Offer, maker: Offer): Call {
    const match = { taker, makers: [maker], unitsWad: [abs(taker.order.unitsWad)] };
    const data = encodeFunctionData({
        abi: optionOrdersAbi,
        functionName: "matchOrders",
        args: [match],
    });
    return { to: domain.optionOrders!, data };
}

/** The next number of an account's offers: by time, and never one that is cancelled. */
export async function nextNonce({ client, domain }: Session, account: Hex): Promise<bigint> {
    const lowest = await client.readContract({
        ...{ address: domain.optionOrders!, abi: optionOrdersAbi, functionName: "lowestNonce" },
        args: [account],
    });
    return timedNonce(lowest, Date.now());
}

/** What is left of an offer, and whether it can still be taken. */
export function useOfferStatus(order: OptionOrder | null) {
    const key = order && `offer ${order.account} ${order.nonce} ${order.unitsWad} ${order.limitPremiumWad}`;
    return useQuery(key, async ({ client, domain }, blockNumber) =>
        client.readContract({
            ...{ address: domain.optionOrders!, abi: optionOrdersAbi, functionName: "statusOf", blockNumber },
            args: [order!],
        }),
    );
}
