/** The matcher's book, both sides, with its sizes as bars. */

import { book, matcherStatus } from "../../chain/matcher";
import type { Perp } from "../../chain/domain";
import type { PerpState } from "../../chain/perps";
import { levelsOf, type Level } from "../../lib/book";
import { formatAmount, formatFixed, formatPrice } from "../../lib/format";
import { toFloat } from "../../lib/units";
import { Badge, Card } from "../../ui/card";
import { Empty, Skeleton } from "../../ui/state";

const LEVELS = 8;

export function BookCard({ perp, state }: { perp: Perp; state: PerpState | undefined }) {
    const status = matcherStatus.value;
    return (
        <Card
            title="Order book"
            aside={
                status.kind === "absent" ? (
                    <Badge tone="warning">No matcher</Badge>
                ) : (
                    status.kind === "live" && <Badge tone="good">Live</Badge>
                )
            }
            testid="book"
        >
            {status.kind === "connecting" && <Skeleton height="16rem" />}
            {status.kind === "absent" && (
                <Empty title="The matcher is not there" icon="warning">
                    {status.reason} Signed orders wait for it; everything else on this page works without.
                </Empty>
            )}
            {status.kind === "live" && book.value && <Levels perp={perp} state={state} />}
        </Card>
    );
}

function Levels({ perp, state }: { perp: Perp; state: PerpState | undefined }) {
    const known = book.value!;
    const asks = levelsOf(known, "sell", LEVELS);
    const bids = levelsOf(known, "buy", LEVELS);
    if (asks.length + bids.length === 0) {
        return (
            <Empty title="The book is empty">
                The first limit order stands here. Until then the virtual AMM trades.
            </Empty>
        );
    }
    const most = [asks.at(-1), bids.at(-1)].reduce(
        (largest, level) => (level && level.totalWad > largest ? level.totalWad : largest),
        1n,
    );
    return (
        <table class="book">
            <caption class="hidden">Orders of the matcher in {perp.name}</caption>
            <thead>
                <tr>
                    <th scope="col">Price</th>
                    <th scope="col">Size, {perp.underlyingName}</th>
                    <th scope="col">Total</th>
                </tr>
            </thead>
            <Side levels={[...asks].reverse()} most={most} side="ask" />
            <tbody>
                <tr class="book-middle">
                    <td colSpan={3}>{state ? `Mark ${formatPrice(state.markWad)}` : " "}</td>
                </tr>
            </tbody>
            <Side levels={bids} most={most} side="bid" />
        </table>
    );
}

function Side({ levels, most, side }: { levels: readonly Level[]; most: bigint; side: "ask" | "bid" }) {
    return (
        <tbody class={`book-${side}s`} data-testid={`${side}s`}>
            {levels.map(({ priceWad, sizeWad, totalWad }) => (
                <tr
                    key={String(priceWad)}
                    style={{ "--share": `${(toFloat(totalWad) / toFloat(most)) * 100}%` }}
                >
                    <td>{formatFixed(priceWad, 18, 2)}</td>
                    <td>{formatAmount(sizeWad, 18, "", 4)}</td>
                    <td>{formatAmount(totalWad, 18, "", 4)}</td>
                </tr>
            ))}
        </tbody>
    );
}
