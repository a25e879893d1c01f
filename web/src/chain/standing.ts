/** How an account stands: positions, equity, requirements, health, and the prices at which it is taken over. */

import { lensAbi, parametersAbi } from "@generated/abi";
import { decodeFunctionResult, encodeFunctionData, isAddressEqual, type Address, type Hex } from "viem";
import { max, MAX_UINT } from "../lib/units";
import type { Call } from "../wallet/simulate";
import { assetByToken, optionByMarket, perpByMarket, type Asset, type Domain } from "./domain";
import { STATUSES, type PriceStatus } from "./markets";
import { useQuery } from "./query";

export interface Position {
    asset: Asset;
    /** Above zero it is held, below it is owed {tok}. */
    amount: bigint;
    valueWad: bigint;
    /** Its part of the maintenance requirement. */
    requirementWad: bigint;
}

/** Prices of an underlying at which the account may be taken over; zero where there is none. */
export interface Threshold {
    underlying: number;
    name: string;
    belowWad: bigint;
    aboveWad: bigint;
}

export interface Standing {
    equityWad: bigint;
    uncertaintyWad: bigint;
    initialWad: bigint;
    maintenanceWad: bigint;
    healthWad: bigint;
    debtWad: bigint;
    /** What may still be required before new risk is refused. */
    freeWad: bigint;
    status: PriceStatus;
    positions: Position[];
    /** Addresses of instruments in which the account has something. */
    instruments: Address[];
    /** Whether it is margined as a portfolio. */
    isPortfolio: boolean;
    thresholds: Threshold[];
}

/** The calls whose results `standingFrom` takes. */
export function standingCalls(domain: Domain, account: Hex): Call[] {
    return [
        {
            to: domain.lens,
            data: encodeFunctionData({ abi: lensAbi, functionName: "overview", args: [account] }),
        },
        ...oneOfEach(domain).map((asset) => ({
            to: domain.lens,
            data: encodeFunctionData({
                abi: lensAbi,
                functionName: "liquidationPrice",
                args: [account, asset.token],
            }),
        })),
    ];
}

export function standingFrom(domain: Domain, results: readonly Hex[]): Standing {
    const [first, ...rest] = results;
    const found = decodeFunctionResult({ abi: lensAbi, functionName: "overview", data: first ?? "0x" });
    const positions = found.assets.flatMap(({ token, amount, valueWad, requirementWad }) => {
        const asset = assetByToken(domain, token);
        return asset ? [{ asset, amount, valueWad, requirementWad }] : [];
    });
    const instruments = found.instruments.map(({ instrument }) => instrument);
    const traded = instruments.flatMap(
        (one) => (perpByMarket(domain, one) ?? optionByMarket(domain, one))?.underlying ?? [],
    );
    const concerned = new Set([...positions.map(({ asset }) => asset.underlying), ...traded]);
    const thresholds = oneOfEach(domain).flatMap((asset, place) => {
        const data = rest[place];
        if (!data || !concerned.has(asset.underlying)) return [];
        const [belowWad, aboveWad] = decodeFunctionResult({
            abi: lensAbi,
            functionName: "liquidationPrice",
            data,
        });
        return [{ underlying: asset.underlying, name: asset.underlyingName, belowWad, aboveWad }];
    });
    const { initial, maintenance } = found;
    const mode = domain.portfolioMode;
    const isPortfolio = mode !== null && instruments.some((one) => isAddressEqual(one, mode));
    const owes = positions.some(({ amount }) => amount < 0n) || instruments.length > (isPortfolio ? 1 : 0);
    return {
        equityWad: maintenance.equity,
        uncertaintyWad: initial.uncertainty,
        initialWad: initial.requirement,
        maintenanceWad: maintenance.requirement,
        healthWad: owes ? found.healthWad : MAX_UINT,
        debtWad: maintenance.debtValue,
        freeWad: max(0n, initial.equity - initial.uncertainty - initial.requirement),
        status: STATUSES[Math.max(initial.status, maintenance.status)] ?? "none",
        positions,
        instruments,
        isPortfolio,
        thresholds: owes ? thresholds : [],
    };
}

/** Follows the blocks. */
export function useStanding(account: Hex | null) {
    return useQuery(account && `standing ${account}`, async ({ client, domain }, blockNumber) => {
        const results = await Promise.all(
            standingCalls(domain, account!).map(({ to, data }) => client.call({ to, data, blockNumber })),
        );
        return standingFrom(
            domain,
            results.map(({ data }) => data ?? "0x"),
        );
    });
}

/** Numbers of the assets that count as collateral in an account with nothing else but the settlement asset. */
export function useIsolated() {
    return useQuery(
        "tiers",
        async ({ client, domain }) => {
            const rows = await Promise.all(
                domain.assets.map((asset) =>
                    client.readContract({
                        address: domain.parameters,
                        abi: parametersAbi,
                        functionName: "asset",
                        args: [BigInt(asset.id)],
                    }),
                ),
            );
            return new Set(
                domain.assets.filter((_, place) => rows[place]?.tier === ISOLATED).map(({ id }) => id),
            );
        },
        { every: false },
    );
}

/** What the account has of an asset; zero without. */
export function positionIn(standing: Standing | undefined, asset: Asset): Position {
    const found = standing?.positions.find((position) => position.asset.id === asset.id);
    return found ?? { asset, amount: 0n, valueWad: 0n, requirementWad: 0n };
}

const ISOLATED = 1;

/** One asset of each underlying. */
function oneOfEach(domain: Domain): Asset[] {
    return domain.assets.filter(
        (asset, place) => domain.assets.findIndex((other) => other.underlying === asset.underlying) === place,
    );
}
