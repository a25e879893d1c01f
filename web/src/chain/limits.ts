/** How far an account may go: the highest leverage that its initial requirement allows. */

import { lensAbi } from "@generated/abi";
import type { Hex } from "viem";
import { frontier, grid, tradeValue, amountOf, type Ground, type Side } from "../lib/leverage";
import { mulDiv, WAD } from "../lib/units";
import type { Asset } from "./domain";
import type { Change } from "./outlook";
import { useQuery } from "./query";
import type { Session } from "./session";

export interface Opening {
    account: Hex;
    side: Side;
    asset: Asset;
    against: Asset;
    ground: Ground;
    margin: { asset: Asset; amount: bigint } | null;
    /** Dollars {WAD} of one whole token. */
    assetPriceWad: bigint;
    againstPriceWad: bigint;
    /** What the trade is taken to lose at most, as a share. */
    costWad: bigint;
}

const HIGHEST = 40n * WAD;
const STEPS = 16;

/** The highest leverage {WAD} that passes; null where not even the position that is there may grow. */
export function useMostLeverage(opening: Opening | null) {
    const key =
        opening &&
        [
            ...[opening.account, opening.side, opening.asset.id, opening.against.id, opening.costWad],
            ...[opening.ground.equityWad, opening.margin?.asset.id, opening.margin?.amount],
        ].join(" ");
    return useQuery(key && `leverage ${key}`, (session) => mostLeverage(session, opening!));
}

/** Tried on the lens, coarsely and then finely, so that concentration and ramps count as they do in the vault. */
async function mostLeverage(session: Session, opening: Opening): Promise<bigint | null> {
    const { equityWad, positionWad } = opening.ground;
    if (equityWad <= 0n) return null;
    const now = positionWad > 0n ? mulDiv(positionWad, WAD, equityWad) : 0n;
    const coarse = doubling(now, HIGHEST);
    const first = frontier(coarse, await tried(session, opening, coarse));
    if (first.refused === null) return first.most;
    const fine = grid(first.most ?? now, first.refused, STEPS);
    return frontier(fine, await tried(session, opening, fine)).most ?? first.most;
}

function tried(session: Session, opening: Opening, leverages: readonly bigint[]): Promise<boolean[]> {
    const { client, domain } = session;
    return Promise.all(
        leverages.map(async (leverage) => {
            const [, after] = await client.readContract({
                address: domain.lens,
                abi: lensAbi,
                functionName: "whatIf",
                args: [opening.account, changesOf(opening, leverage)],
            });
            return after.passes;
        }),
    );
}

/** What opening does to the account's balances, at the oracle's prices less the cost. */
export function changesOf(opening: Opening, leverageWad: bigint): Change[] {
    const { side, asset, against, margin, assetPriceWad, againstPriceWad } = opening;
    const value = tradeValue(opening.ground, leverageWad);
    const bought = mulDiv(value, WAD - opening.costWad, WAD);
    const [sell, sellPrice, buy, buyPrice] =
        side === "long"
            ? [against, againstPriceWad, asset, assetPriceWad]
            : [asset, assetPriceWad, against, againstPriceWad];
    return [
        ...(margin ? [{ token: margin.asset.token, amount: margin.amount }] : []),
        { token: sell.token, amount: -amountOf(value, sell.decimals, sellPrice) },
        { token: buy.token, amount: amountOf(bought, buy.decimals, buyPrice) },
    ];
}

/** Leverages from a little above `now`, each a quarter larger than the one before. */
function doubling(now: bigint, highest: bigint): bigint[] {
    const found: bigint[] = [];
    for (let next = now + WAD / 2n; next < highest; next += next / 4n) found.push(next);
    return found;
}
