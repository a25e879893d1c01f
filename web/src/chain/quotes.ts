/** What Uniswap v3 gives for a trade now: every way over the listed assets quoted, the best one kept. */

import { encodeFunctionData, parseAbi, zeroAddress, type Address, type PublicClient } from "viem";
import { encodePath, FEES, pathsBetween, type Edge, type Path } from "../lib/paths";
import { max } from "../lib/units";
import type { Asset, Domain } from "./domain";
import { useQuery } from "./query";
import type { Session } from "./session";

const FACTORY = parseAbi(["function getPool(address, address, uint24) view returns (address)"]);
const POOL = parseAbi(["function liquidity() view returns (uint128)"]);
const QUOTER = parseAbi([
    "function quoteExactInput(bytes path, uint256 amountIn) returns (uint256 amountOut, uint160[], uint32[], uint256)",
    "function quoteExactOutput(bytes path, uint256 amountOut) returns (uint256 amountIn, uint160[], uint32[], uint256)",
]);
/** A part of a trade that is too small to move the price. */
const SAMPLE = 10_000n;

export interface Trade {
    sell: Asset;
    buy: Asset;
    /** Sold, or with `exactOut` bought. */
    amount: bigint;
    exactOut: boolean;
}

export interface Quote {
    path: Path;
    amountIn: bigint;
    amountOut: bigint;
    /** The same rate without price impact; null where it cannot be had. */
    sample: { amountIn: bigint; amountOut: bigint } | null;
}

/** The best quote at each block; null where no way can carry the trade. */
export function useQuote(trade: Trade | null) {
    const key = trade && `${trade.sell.id} ${trade.buy.id} ${trade.exactOut} ${trade.amount}`;
    return useQuery(key && `quote ${key}`, (session) => quote(session, trade!));
}

export async function quote({ client, domain }: Session, trade: Trade): Promise<Quote | null> {
    const edges = await poolsOf(client, domain);
    const paths = pathsBetween(edges, trade.sell.id, trade.buy.id);
    const answers = await Promise.all(paths.map((path) => ask(client, domain, trade, path, trade.amount)));
    let best: { path: Path; other: bigint } | null = null;
    for (const [place, other] of answers.entries()) {
        if (other === null || other <= 0n) continue;
        const better = best === null || (trade.exactOut ? other < best.other : other > best.other);
        if (better) best = { path: paths[place]!, other };
    }
    if (!best) return null;
    const small = max(1n, trade.amount / SAMPLE);
    const sample = await ask(client, domain, trade, best.path, small);
    const fill = (amount: bigint, other: bigint) =>
        trade.exactOut ? { amountIn: other, amountOut: amount } : { amountIn: amount, amountOut: other };
    return {
        path: best.path,
        ...fill(trade.amount, best.other),
        sample: sample ? fill(small, sample) : null,
    };
}

/** "WETH – 0.05% – USDC" */
export function pathWords(domain: Domain, path: Path): string {
    return path.assets
        .map((id, place) => {
            const fee = path.fees[place - 1];
            return `${fee === undefined ? "" : ` –${fee / 10_000}%→ `}${domain.assets[id]?.symbol ?? id}`;
        })
        .join("");
}

/** What the other side of the trade comes to; null where this way cannot carry it. */
async function ask(
    client: PublicClient,
    domain: Domain,
    trade: Trade,
    path: Path,
    amount: bigint,
): Promise<bigint | null> {
    const route = encodePath(path, (id) => domain.assets[id]!.token, trade.exactOut);
    const functionName = trade.exactOut ? "quoteExactOutput" : "quoteExactInput";
    const data = encodeFunctionData({ abi: QUOTER, functionName, args: [route, amount] });
    try {
        const answer = await client.call({ to: domain.quoter!, data });
        return answer.data ? BigInt(answer.data.slice(0, 66)) : null;
    } catch (error) {
        // A quoter answers by reverting where a pool runs dry; a node that does not answer is another matter.
        if (isRevert(error)) return null;
        throw error;
    }
}

function isRevert(error: unknown): boolean {
    for (let cause: unknown = error, depth = 0; cause && depth < 8; depth += 1) {
        const { name, code } = cause as { name?: string; code?: number };
        if (name === "ExecutionRevertedError" || name === "RawContractError" || code === 3) return true;
        cause = (cause as { cause?: unknown }).cause;
    }
    return /revert/i.test(String(error));
}

const known = new WeakMap<Domain, Promise<Edge[]>>();

/** Pools with liquidity at their price; looked up once for a deployment. */
function poolsOf(client: PublicClient, domain: Domain): Promise<Edge[]> {
    const there = known.get(domain);
    if (there) return there;
    const found = readPools(client, domain);
    known.set(domain, found);
    found.catch(() => known.delete(domain));
    return found;
}

async function readPools(client: PublicClient, domain: Domain): Promise<Edge[]> {
    const { factory, quoter, assets } = domain;
    if (!factory || !quoter) {
        throw new Error(
            `The deployments file names no ${factory ? "uniswap.quoter" : "uniswap.factory"}; trades are quoted by it.`,
        );
    }
    const pairs = assets.flatMap((one, place) =>
        assets.slice(place + 1).flatMap((other) => FEES.map((fee) => ({ one, other, fee }))),
    );
    const addresses = await Promise.all(
        pairs.map(({ one, other, fee }) =>
            client.readContract({
                address: factory,
                abi: FACTORY,
                functionName: "getPool",
                args: [one.token, other.token, fee],
            }),
        ),
    );
    const liquid = await Promise.all(addresses.map((address) => isLiquid(client, address)));
    return pairs
        .filter((_, place) => liquid[place])
        .map(({ one, other, fee }) => ({ one: one.id, other: other.id, fee }));
}

async function isLiquid(client: PublicClient, address: Address): Promise<boolean> {
    if (address === zeroAddress) return false;
    return (await client.readContract({ address, abi: POOL, functionName: "liquidity" })) > 0n;
}
