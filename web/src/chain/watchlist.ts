/** Accounts that are near to being taken over, read anew with each block, and the backstop's level over time. */

import { backstopAbi, lensAbi } from "@generated/abi";
import { useEffect, useState } from "preact/hooks";
import type { Hex } from "viem";
import { accountId } from "../lib/account";
import { spread, type Ledger } from "../lib/ledger";
import { toFloat, WAD } from "../lib/units";
import { head } from "./head";
import { useQuery } from "./query";
import { session, type Session } from "./session";
import { assetByToken } from "./domain";
import type { Position } from "./standing";

export interface Watched {
    account: Hex;
    healthWad: bigint;
    equityWad: bigint;
    requirementWad: bigint;
    debtWad: bigint;
    positions: Position[];
}

export interface Watchlist {
    /** Lowest health first. */
    near: Watched[];
    total: number;
}

/** Below this health an account is listed. */
export const NEAR = (WAD * 130n) / 100n;
const CHUNK = 200;
const SHOWN = 50;

export function useWatchlist(ledger: Ledger | null) {
    const accounts = ledger && [...ledger.accounts];
    return useQuery(accounts && `watch ${accounts.length}`, (open, block) =>
        readWatchlist(open, accounts!, block),
    );
}

async function readWatchlist(open: Session, all: readonly Hex[], blockNumber: bigint): Promise<Watchlist> {
    const { client, domain } = open;
    const backstop = accountId(domain.backstop);
    const accounts = all.filter((account) => account !== backstop);
    const chunks = Array.from({ length: Math.ceil(accounts.length / CHUNK) }, (_, place) =>
        accounts.slice(place * CHUNK, (place + 1) * CHUNK),
    );
    const lens = { address: domain.lens, abi: lensAbi, blockNumber } as const;
    const healths = (
        await Promise.all(
            chunks.map((args) => client.readContract({ ...lens, functionName: "healthMany", args: [args] })),
        )
    ).flat();
    const near = accounts
        .map((account, place) => ({ account, healthWad: healths[place] ?? 0n }))
        .filter(({ healthWad }) => healthWad < NEAR)
        .sort((one, other) => (one.healthWad < other.healthWad ? -1 : 1))
        .slice(0, SHOWN);
    return {
        near: await Promise.all(near.map(({ account }) => readWatched(open, account, blockNumber))),
        total: accounts.length,
    };
}

async function readWatched({ client, domain }: Session, account: Hex, blockNumber: bigint): Promise<Watched> {
    const { maintenance, healthWad, assets } = await client.readContract({
        address: domain.lens,
        abi: lensAbi,
        functionName: "overview",
        args: [account],
        blockNumber,
    });
    return {
        account,
        healthWad,
        equityWad: maintenance.equity,
        requirementWad: maintenance.requirement,
        debtWad: maintenance.debtValue,
        positions: assets.flatMap(({ token, amount, valueWad, requirementWad }) => {
            const asset = assetByToken(domain, token);
            return asset ? [{ asset, amount, valueWad, requirementWad }] : [];
        }),
    };
}

export interface Level {
    /** Unix seconds. */
    time: number;
    /** Whole settlement tokens. */
    level: number;
}

const SAMPLES = 40;

/**
 * The backstop's level at blocks in which it gained or paid, at some evenly apart, and at the newest; undefined until
 * the first are there. A node that keeps no old states gives those since the page was opened alone.
 */
export function useBackstopLevels(ledger: Ledger | null): Level[] | undefined {
    const open = session.value;
    const newest = head.value;
    const blocks = ledger?.backstopBlocks.length ?? 0;
    const [known, setKnown] = useState<ReadonlyMap<bigint, Level>>();

    useEffect(() => {
        const at = head.peek();
        if (!open || !at || !ledger) return;
        let left = false;
        const first = open.domain.deployedAt;
        const even = Array.from(
            { length: SAMPLES },
            (_, step) => first + ((at.number - first) * BigInt(step)) / BigInt(SAMPLES - 1),
        );
        const wanted = [...new Set([...even, ...spread(ledger.backstopBlocks, SAMPLES)])];
        void Promise.all(wanted.map((block) => readLevel(open, block))).then((found) => {
            if (left) return;
            setKnown(
                (old) =>
                    new Map([
                        ...(old ?? []),
                        ...wanted.flatMap((block, place) => {
                            const level = found[place];
                            return level ? [[block, level] as const] : [];
                        }),
                    ]),
            );
        });
        return () => {
            left = true;
        };
    }, [open, ledger === null, blocks]);

    useEffect(() => {
        if (!open || !newest) return;
        let left = false;
        void readLevel(open, newest.number).then((level) => {
            if (!left && level) {
                setKnown((old) => {
                    // Blocks that were rolled back go.
                    const before = [...(old ?? [])].filter(([block]) => block < newest.number);
                    return new Map([...before, [newest.number, level]]);
                });
            }
        });
        return () => {
            left = true;
        };
    }, [open, newest?.hash]);

    const levels = known && [...known.entries()].sort(([one], [other]) => (one < other ? -1 : 1));
    // Before the first stake there was nothing to draw.
    return levels
        ?.map(([, level]) => level)
        .filter(({ level }, place, all) => level > 0 || place === all.length - 1);
}

/** Null where the node has no such state. */
async function readLevel({ client, domain }: Session, blockNumber: bigint): Promise<Level | null> {
    try {
        const [block, assets] = await Promise.all([
            client.getBlock({ blockNumber }),
            client.readContract({
                address: domain.backstop,
                abi: backstopAbi,
                functionName: "totalAssets",
                blockNumber,
            }),
        ]);
        return { time: Number(block.timestamp), level: toFloat(assets, domain.settlement.decimals) };
    } catch {
        return null;
    }
}
