/** What an account holds by underlying, its Greeks, its margin grid, and both models' requirements. */

import { greeksLensAbi, riskAbi, vaultAbi } from "@generated/abi";
import { encodeAbiParameters, encodeFunctionData, isAddressEqual, type Address, type Hex } from "viem";
import { heatMap, type HeatMap } from "../lib/options";
import { WAD } from "../lib/units";
import { namesOf, optionByMarket, perpByMarket, type Domain } from "./domain";
import { readOptionAccount, type OptionHolding } from "./options";
import { positionCall, positionFrom } from "./perps";
import { useQuery } from "./query";
import type { Session } from "./session";
import type { Standing } from "./standing";

/** What moves with one underlying. */
export interface Book {
    underlying: number;
    name: string;
    priceWad: bigint;
    greeks: Greeks;
    /** Tokens, debts and perpetuals, which move in proportion to the price {units}. */
    linearWad: bigint;
    options: readonly OptionHolding[];
}

/** Per dollar of the price {units, units per USD}, per 1.00 of volatility {USD}, in a day {USD}. */
export interface Greeks {
    deltaWad: bigint;
    gammaWad: bigint;
    vegaWad: bigint;
    thetaPerDayWad: bigint;
}

export interface Netted {
    underlying: number;
    map: HeatMap;
    lowerLossWad: bigint;
    upperLossWad: bigint;
}

export interface Grid {
    netted: readonly Netted[];
    apartWad: bigint;
    rhoWad: bigint;
}

export interface Requirements {
    equityWad: bigint;
    initialWad: bigint;
    maintenanceWad: bigint;
    /** Whether new risk would be let through: equity at the worst edges covers the initial requirement. */
    covers: boolean;
}

export const INITIAL = 0;
export const MAINTENANCE = 1;

/** Books of all underlyings that the account's worth moves with, ascending. */
export function useBooks(account: Hex, standing: Standing | undefined) {
    return useQuery(standing ? `books ${account}` : null, (open, block) =>
        readBooks(open, account, standing!, block),
    );
}

async function readBooks(
    open: Session,
    account: Hex,
    standing: Standing,
    blockNumber: bigint,
): Promise<Book[]> {
    const { client, domain } = open;
    if (!domain.greeksLens) {
        throw new Error(
            "The deployments file has no greeks_lens, which tells Greeks; add it with `make deploy`.",
        );
    }
    const greeks = await client.readContract({
        ...{ address: domain.greeksLens, abi: greeksLensAbi, functionName: "accountGreeks", blockNumber },
        args: [account],
    });
    const names = namesOf(domain);
    const books = greeks.map(({ underlying, priceWad, ...rest }): Book => {
        const name = names.underlying(underlying) ?? `#${underlying}`;
        return { underlying: Number(underlying), name, priceWad, greeks: rest, linearWad: 0n, options: [] };
    });
    const bookOf = (underlying: number) => books.find((book) => book.underlying === underlying);
    for (const { asset, valueWad } of standing.positions) {
        const book = bookOf(asset.underlying);
        if (book) book.linearWad += (valueWad * WAD) / book.priceWad;
    }
    await Promise.all(
        standing.instruments.map(async (instrument) => {
            const perp = perpByMarket(domain, instrument);
            const ofPerp = perp && bookOf(perp.underlying);
            if (ofPerp) {
                const { data } = await client.call({ ...positionCall(domain, perp, account), blockNumber });
                ofPerp.linearWad += positionFrom(data ?? "0x").sizeWad;
            }
            const market = optionByMarket(domain, instrument);
            const ofOptions = market && bookOf(market.underlying);
            if (ofOptions) {
                const { holdings } = await readOptionAccount(open, market, account, blockNumber);
                ofOptions.options = [...ofOptions.options, ...holdings];
            }
        }),
    );
    return books;
}

/** The account's margin grid as a portfolio: what it is, or would be for one with standard margin. */
export function useGrid(account: Hex, requirement: number) {
    return useQuery(`grid ${account} ${requirement}`, async ({ client, domain }, blockNumber) => {
        const [list, instruments] = await readHoldings(client, domain, account, blockNumber);
        const [netted, apartWad, rhoWad] = await client.readContract({
            ...{ address: domain.risk, abi: riskAbi, functionName: "scenarios", blockNumber },
            args: [account, list, withMode(domain, instruments, true), requirement],
        });
        const grid: Grid = {
            netted: netted
                .filter(({ changesWad }) => changesWad.some((change) => change !== 0n))
                .map(({ underlying, scenarios, changesWad, lowerLossWad, upperLossWad }) => ({
                    underlying: Number(underlying),
                    map: heatMap(scenarios, changesWad),
                    ...{ lowerLossWad, upperLossWad },
                })),
            ...{ apartWad, rhoWad },
        };
        return grid;
    });
}

/** What either model requires of the account now. */
export function useBothModels(account: Hex) {
    return useQuery(`models ${account}`, async ({ client, domain }, blockNumber) => {
        const [list, instruments] = await readHoldings(client, domain, account, blockNumber);
        const assess = (isPortfolio: boolean, requirement: number) =>
            client.readContract({
                ...{ address: domain.risk, abi: riskAbi, functionName: "assess", blockNumber },
                args: [account, list, withMode(domain, instruments, isPortfolio), requirement, false],
            });
        const model = async (isPortfolio: boolean): Promise<Requirements> => {
            const [initial, maintenance] = await Promise.all([
                assess(isPortfolio, INITIAL),
                assess(isPortfolio, MAINTENANCE),
            ]);
            return {
                equityWad: maintenance.equity,
                initialWad: initial.requirement,
                maintenanceWad: maintenance.requirement,
                covers: initial.equity - initial.uncertainty >= initial.requirement,
            };
        };
        const [standard, portfolio] = await Promise.all([model(false), model(true)]);
        return { standard, portfolio };
    });
}

/** The operation of the vault that switches an account's margin model. */
export function switchMode(domain: Domain, account: Hex, isPortfolio: boolean): Hex {
    return encodeFunctionData({
        abi: vaultAbi,
        functionName: "callInstrument",
        args: [account, domain.portfolioMode!, encodeAbiParameters([{ type: "bool" }], [isPortfolio])],
    });
}

async function readHoldings(
    client: Session["client"],
    domain: Domain,
    account: Hex,
    blockNumber: bigint,
): Promise<readonly [readonly bigint[], readonly Address[]]> {
    const [list, instruments] = await client.readContract({
        ...{ address: domain.vault, abi: vaultAbi, functionName: "holdings", blockNumber },
        args: [account],
    });
    return [list, instruments];
}

/** The engine takes the model from the list of instruments. */
function withMode(domain: Domain, instruments: readonly Address[], isPortfolio: boolean): Address[] {
    const mode = domain.portfolioMode!;
    const others = instruments.filter((one) => !isAddressEqual(one, mode));
    return isPortfolio ? [mode, ...others] : others;
}
