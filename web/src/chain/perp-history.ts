/** A perpetual market's past by its events: funding that was paid, and trades. */

import { perpAbi } from "@generated/abi";
import { getAbiItem, type Hash, type Hex } from "viem";
import { toFloat } from "../lib/units";
import type { Perp } from "./domain";
import { Follower } from "./follower";
import { useQuery } from "./query";
import type { Session } from "./session";

export interface FundingPoint {
    /** Unix seconds. */
    time: number;
    /** What longs paid since the point before, as a share over eight hours. */
    rate: number;
    premium: number;
}

export interface PerpTrade {
    key: string;
    time: number;
    transaction: Hash;
    taker: Hex;
    maker: Hex;
    /** Of the taker {signed units}. */
    sizeWad: bigint;
    priceWad: bigint;
}

export interface PerpHistory {
    funding: readonly FundingPoint[];
    /** Youngest first. */
    trades: readonly PerpTrade[];
}

type Entry = { kind: "funding"; point: FundingPoint } | { kind: "trade"; trade: PerpTrade };

const MOST_POINTS = 4_000;
const MOST_TRADES = 40;
const EMPTY: PerpHistory = { funding: [], trades: [] };
const EVENTS = [
    getAbiItem({ abi: perpAbi, name: "FundingAccrued" }),
    getAbiItem({ abi: perpAbi, name: "Traded" }),
] as const;

const followers = new Map<string, Follower<PerpHistory, Entry>>();

/** Follows the blocks. */
export function usePerpHistory(perp: Perp) {
    return useQuery(`perp history ${perp.market}`, (open, block) => {
        let follower = followers.get(perp.market);
        if (follower?.session !== open) {
            const read = (session: Session, from: bigint, to: bigint) => readEntries(session, perp, from, to);
            follower = new Follower(open, { empty: EMPTY, read, fold });
            followers.set(perp.market, follower);
        }
        return follower.upTo(block);
    });
}

function fold(history: PerpHistory, entries: readonly Entry[]): PerpHistory {
    if (entries.length === 0) return history;
    const points = entries.flatMap((entry) => (entry.kind === "funding" ? [entry.point] : []));
    const trades = entries.flatMap((entry) => (entry.kind === "trade" ? [entry.trade] : []));
    return {
        funding: [...history.funding, ...points].slice(-MOST_POINTS),
        trades: [...trades.reverse(), ...history.trades].slice(0, MOST_TRADES),
    };
}

async function readEntries(
    { client }: Session,
    perp: Perp,
    fromBlock: bigint,
    toBlock: bigint,
): Promise<Entry[]> {
    const logs = await client.getLogs({
        address: perp.market,
        events: EVENTS,
        fromBlock,
        toBlock,
        strict: true,
    });
    return logs.map((log): Entry => {
        const time = Number((log as { blockTimestamp?: bigint }).blockTimestamp ?? 0n);
        if (log.eventName === "FundingAccrued") {
            const { rateWad, premiumWad } = log.args;
            return {
                kind: "funding",
                point: { time, rate: toFloat(rateWad), premium: toFloat(premiumWad) },
            };
        }
        const { taker, maker, sizeWad, priceWad } = log.args;
        const key = `${log.transactionHash} ${log.logIndex}`;
        return {
            kind: "trade",
            trade: { key, time, transaction: log.transactionHash, taker, maker, sizeWad, priceWad },
        };
    });
}
