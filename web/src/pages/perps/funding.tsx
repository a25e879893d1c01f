/** Funding since the deployment: what was paid, and the premium that led to it. */

import { useMemo } from "preact/hooks";
import type { Perp } from "../../chain/domain";
import type { PerpHistory } from "../../chain/perp-history";
import type { Query } from "../../chain/query";
import { timeTicks } from "../../lib/ticks";
import { Card } from "../../ui/card";
import { LineChart, type Line } from "../../ui/chart";
import { Empty, Note, Skeleton } from "../../ui/state";

export function FundingCard({ perp, history }: { perp: Perp; history: Query<PerpHistory> }) {
    const { data, error } = history;
    const points = data?.funding;
    const x = useMemo(() => points?.map(({ time }) => time) ?? [], [points]);
    const lines = useMemo<Line[]>(
        () => [
            { label: "Rate, 8 h", values: points?.map(({ rate }) => rate) ?? [], filled: true },
            { label: "Premium", values: points?.map(({ premium }) => premium) ?? [], tone: "second" },
        ],
        [points],
    );
    return (
        <Card title="Funding" aside="above zero longs pay shorts" testid="funding">
            {error && <Note tone="warning">{error}</Note>}
            {!points && !error && <Skeleton height="200px" />}
            {points && x.length < 2 && (
                <Empty title="No funding yet">
                    It is written with the market's next trade or settlement.
                </Empty>
            )}
            {points && x.length >= 2 && (
                <LineChart
                    label={`Funding rate and premium of ${perp.name} since its deployment`}
                    x={x}
                    lines={lines}
                    formatX={timeTicks(x[0]!, x.at(-1)!)}
                    formatY={percent}
                    time
                    stepped
                    yFrom={0}
                    height={200}
                />
            )}
        </Card>
    );
}

function percent(share: number): string {
    return `${(share * 100).toFixed(3).replace("-", "−")}%`;
}
