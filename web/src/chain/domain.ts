/** A deployed domain: its contracts and listed assets, by the deployments file and the chain. */

import { parametersAbi, optionAbi, perpAbi, poolAbi, tokenAbi, vaultAbi } from "@generated/abi";
import { isAddressEqual, zeroAddress, type Address, type PublicClient } from "viem";
import type { Names } from "../lib/sentences";
import type { Deployment } from "./config";

export interface Asset {
    symbol: string;
    name: string;
    /** Number in the vault. */
    id: number;
    decimals: number;
    token: Address;
    /** Null where the asset cannot be borrowed. */
    pool: Address | null;
    poolDecimals: number;
    rateModel: Address | null;
    /** Number and name of what its price moves with. */
    underlying: number;
    underlyingName: string;
    /** The price feed. */
    aggregator: Address;
}

/** A perpetual market with its virtual AMM. */
export interface Perp {
    name: string;
    market: Address;
    amm: Address;
    /** Number and name of what its price moves with. */
    underlying: number;
    underlyingName: string;
}

/** A market of options on one underlying. */
export interface OptionMarket {
    name: string;
    market: Address;
    /** Number and name of what its price moves with. */
    underlying: number;
    underlyingName: string;
    /** The price feed, whose rounds make settlement prices. */
    aggregator: Address | null;
}

export interface Domain {
    name: string;
    deployedAt: bigint;
    vault: Address;
    risk: Address;
    parameters: Address;
    liquidation: Address;
    backstop: Address;
    lens: Address;
    helper: Address;
    adapter: Address;
    /** Uniswap's quoter; null where the deployments file names none. */
    quoter: Address | null;
    factory: Address | null;
    wrappedNative: Address | null;
    /** In the vault's order; the first one settles. */
    assets: Asset[];
    settlement: Asset;
    /** By name. */
    perps: Perp[];
    /** Settles signed orders; null without perpetual markets, as the lens of perpetuals. */
    orders: Address | null;
    perpLens: Address | null;
    /** By name. */
    options: OptionMarket[];
    /** Settles signed offers; null without option markets. */
    optionOrders: Address | null;
    optionLens: Address | null;
    /** Tells what an account's worth moves with; null where the deployments file names none. */
    greeksLens: Address | null;
    /** The instrument by which an account is margined as a portfolio. */
    portfolioMode: Address | null;
}

export async function readDomain(client: PublicClient, deployment: Deployment): Promise<Domain> {
    const address = (key: string): Address => {
        const found = deployment.contracts[key];
        if (!found) throw new Error(`The deployments file has no ${key}; deploy anew with \`make deploy\`.`);
        return found;
    };
    const vault = { address: address("vault"), abi: vaultAbi } as const;
    const count = Number(await client.readContract({ ...vault, functionName: "assetCount" }));
    const assets = await Promise.all(
        Array.from({ length: count }, (_, id) => readAsset(client, deployment, vault.address, id)),
    );
    const perps = await readPerps(client, deployment, assets);
    const settlement = assets[0];
    if (!settlement) throw new Error("The vault lists no assets; deploy with `make deploy`.");
    return {
        name: deployment.domain,
        deployedAt: BigInt(deployment.deployedAt),
        vault: vault.address,
        risk: address("risk"),
        parameters: address("parameters"),
        liquidation: address("liquidation"),
        backstop: address("backstop"),
        lens: address("lens"),
        helper: address("helper"),
        adapter: address("adapter"),
        quoter: deployment.contracts["uniswap.quoter"] ?? null,
        factory: deployment.contracts["uniswap.factory"] ?? null,
        wrappedNative: deployment.wrappedNative,
        assets,
        settlement,
        perps,
        orders: deployment.contracts["orders"] ?? null,
        perpLens: deployment.contracts["perp_lens"] ?? null,
        options: await readOptions(client, deployment, assets),
        optionOrders: deployment.contracts["option_orders"] ?? null,
        optionLens: deployment.contracts["option_lens"] ?? null,
        greeksLens: deployment.contracts["greeks_lens"] ?? null,
        portfolioMode: deployment.contracts["portfolio_mode"] ?? null,
    };
}

export function assetByToken(domain: Domain, token: Address): Asset | undefined {
    return domain.assets.find((asset) => isAddressEqual(asset.token, token));
}

export function assetBySymbol(domain: Domain, symbol: string): Asset | undefined {
    return domain.assets.find((asset) => asset.symbol.toLowerCase() === symbol.toLowerCase());
}

/** Names for sentences; `amounts` is the token of amounts that name none. */
export function namesOf(domain: Domain | null, amounts?: Asset): Names {
    const by = (test: (asset: Asset) => boolean) => domain?.assets.find(test);
    return {
        token: (token) => (domain ? assetByToken(domain, token) : undefined),
        asset: (id) => by((asset) => BigInt(asset.id) === id)?.symbol,
        underlying: (id) => by((asset) => BigInt(asset.underlying) === id)?.underlyingName,
        settlement: domain?.settlement,
        amounts,
    };
}

export function perpByMarket(domain: Domain, market: Address): Perp | undefined {
    return domain.perps.find((perp) => isAddressEqual(perp.market, market));
}

export function perpByName(domain: Domain, name: string): Perp | undefined {
    return domain.perps.find((perp) => perp.name.toLowerCase() === name.toLowerCase());
}

export function optionByName(domain: Domain, name: string): OptionMarket | undefined {
    return domain.options.find((market) => market.name.toLowerCase() === name.toLowerCase());
}

export function optionByMarket(domain: Domain, market: Address): OptionMarket | undefined {
    return domain.options.find((option) => isAddressEqual(option.market, market));
}

async function readPerps(
    client: PublicClient,
    deployment: Deployment,
    assets: readonly Asset[],
): Promise<Perp[]> {
    const { contracts } = deployment;
    const names = Object.keys(contracts)
        .filter((key) => key.endsWith(MARKET) && contracts[key.replace(MARKET, ".amm")])
        .map((key) => key.slice(0, -MARKET.length));
    return Promise.all(
        names.map(async (name) => {
            const market = contracts[name + MARKET]!;
            const call = { address: market, abi: perpAbi, functionName: "underlying" } as const;
            const underlying = Number(await client.readContract(call));
            const known = assets.find((asset) => asset.underlying === underlying);
            return {
                name,
                market,
                amm: contracts[`${name}.amm`]!,
                underlying,
                underlyingName: known?.underlyingName ?? `#${underlying}`,
            };
        }),
    );
}

async function readOptions(
    client: PublicClient,
    deployment: Deployment,
    assets: readonly Asset[],
): Promise<OptionMarket[]> {
    const { contracts } = deployment;
    const names = Object.keys(contracts)
        .filter((key) => key.endsWith(MARKET) && !contracts[key.replace(MARKET, ".amm")])
        .map((key) => key.slice(0, -MARKET.length));
    return Promise.all(
        names.map(async (name) => {
            const market = contracts[name + MARKET]!;
            const call = { address: market, abi: optionAbi, functionName: "underlying" } as const;
            const underlying = Number(await client.readContract(call));
            const known = assets.find((asset) => asset.underlying === underlying);
            return {
                name,
                market,
                underlying,
                underlyingName: known?.underlyingName ?? `#${underlying}`,
                aggregator: known?.aggregator ?? null,
            };
        }),
    );
}

const MARKET = ".market";

async function readAsset(
    client: PublicClient,
    deployment: Deployment,
    vault: Address,
    id: number,
): Promise<Asset> {
    const parameters = { address: deployment.contracts["parameters"]!, abi: parametersAbi } as const;
    const number = BigInt(id);
    const [[token, pool], risk] = await Promise.all([
        client.readContract({ address: vault, abi: vaultAbi, functionName: "assetAt", args: [number] }),
        client.readContract({ ...parameters, functionName: "asset", args: [number] }),
    ]);
    const erc20 = { address: token, abi: tokenAbi } as const;
    const hasPool = pool !== zeroAddress;
    const [symbol, name, decimals, feed, poolDecimals, rateModel] = await Promise.all([
        client.readContract({ ...erc20, functionName: "symbol" }),
        client.readContract({ ...erc20, functionName: "name" }),
        client.readContract({ ...erc20, functionName: "decimals" }),
        client.readContract({ ...parameters, functionName: "feed", args: [risk.underlying] }),
        hasPool ? client.readContract({ address: pool, abi: poolAbi, functionName: "decimals" }) : 0,
        hasPool ? client.readContract({ address: pool, abi: poolAbi, functionName: "rateModel" }) : null,
    ]);
    return {
        symbol,
        name,
        id,
        decimals,
        token,
        pool: hasPool ? pool : null,
        poolDecimals,
        rateModel,
        underlying: Number(risk.underlying),
        underlyingName: underlyingName(deployment, feed.aggregator, Number(risk.underlying)),
        aggregator: feed.aggregator,
    };
}

function underlyingName(deployment: Deployment, aggregator: Address, number: number): string {
    for (const [key, address] of Object.entries(deployment.contracts)) {
        if (key.endsWith(".aggregator") && isAddressEqual(address, aggregator)) {
            return key.slice(0, -".aggregator".length);
        }
    }
    return `#${number}`;
}
