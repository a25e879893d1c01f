/** What the virtual AMM sells and buys at which price, up to its limits. */

import { useMemo } from "preact/hooks";
import type { Perp } from "../../chain/domain";
import type { PerpState } from "../../chain/perps";
import type { Query } from "../../chain/query";
import { toFloat } from "../../lib/units";
import { Card } from "../../ui/card";
import { LineChart, type Line } from "../../ui/chart";
import { Empty, Skeleton } from "../../ui/state";

export function DepthCard({ perp, state }: { perp: Perp; state: Query<PerpState> }) {
    const depth = state.data?.depth;
    const [x, lines] = useMemo(() => (depth ? curve(depth) : [[], []]), [depth]);
    return (
        <Card title="Depth of the virtual AMM" testid="depth">
            {!state.data ? (
                state.error ? (
                    <Empty title="Not known now">The node gave no answer; see above.</Empty>
                ) : (
                    <Skeleton height="16rem" />
                )
            ) : !depth ? (
                <Empty title="It does not trade now">The index is not fresh.</Empty>
            ) : x.length < 2 ? (
                <Empty title="Nothing is left to trade">It is at its limits on both sides.</Empty>
            ) : (
                <LineChart
                    label={`Sizes that the virtual AMM of ${perp.name} buys and sells, by price of the last unit`}
                    x={x}
                    lines={lines}
                    formatX={dollars}
                    formatTick={shortDollars}
                    formatY={(size) => `${compact(size)} ${perp.underlyingName}`}
                    marker={toFloat(depth.middleWad)}
                    yFrom={0}
                    height={360}
                />
            )}
        </Card>
    );
}

/** Prices in rising order, with the size bought down to there, or sold up to there. */
function curve({ asks, bids }: NonNullable<PerpState["depth"]>): [number[], Line[]] {
    const below = [...bids].reverse();
    const x = [...below, ...asks].map(({ stepPriceWad }) => toFloat(stepPriceWad));
    const sizes = (levels: typeof asks) => levels.map(({ sizeWad }) => toFloat(sizeWad));
    const none = (levels: typeof asks) => levels.map(() => null);
    return [
        x,
        [
            { label: "Buys", values: [...sizes(below), ...none(asks)], filled: true },
            { label: "Sells", values: [...none(below), ...sizes(asks)], tone: "second", filled: true },
        ],
    ];
}

function dollars(price: number): string {
    return `$${price.toLocaleString("en-US", { maximumFractionDigits: 2, minimumFractionDigits: 2 })}`;
}

function shortDollars(price: number): string {
    return `$${price.toLocaleString("en-US", { maximumFractionDigits: 0 })}`;
}

function compact(size: number): string {
    return size.toLocaleString("en-US", { notation: "compact", maximumFractionDigits: 1 });
}
