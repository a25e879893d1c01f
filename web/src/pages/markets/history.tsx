import { useMemo, useState } from "preact/hooks";
import type { Asset } from "../../chain/domain";
import { useHistory, type Sample } from "../../chain/history";
import { formatDay, formatPrice, formatTime } from "../../lib/format";
import { Card } from "../../ui/card";
import { LineChart, type Line } from "../../ui/chart";
import { Tabs } from "../../ui/field";
import { Empty, Skeleton } from "../../ui/state";

type Subject = "rates" | "utilisation" | "price";

const SUBJECTS: readonly (readonly [Subject, string])[] = [
    ["rates", "Rates"],
    ["utilisation", "Utilisation"],
    ["price", "Price"],
];
const HOUR = 3_600;
const DAY = 24 * HOUR;

export function HistoryCard({ asset }: { asset: Asset }) {
    const [chosen, choose] = useState<Subject>(asset.pool ? "rates" : "price");
    const samples = useHistory(asset);
    const options = asset.pool ? SUBJECTS : SUBJECTS.slice(2);
    return (
        <Card
            title="History"
            aside={
                options.length > 1 && (
                    <Tabs label="History of" value={chosen} options={options} onChange={choose} />
                )
            }
            testid="history"
        >
            {samples === undefined ? (
                <Skeleton height="220px" />
            ) : samples.length < 2 ? (
                <Empty title="No history yet">
                    The node keeps no older states; this fills with new blocks while the page is open.
                </Empty>
            ) : (
                <History subject={chosen} samples={samples} asset={asset} />
            )}
        </Card>
    );
}

function History({ subject, samples, asset }: { subject: Subject; samples: Sample[]; asset: Asset }) {
    const x = useMemo(() => samples.map((sample) => sample.time), [samples]);
    const lines = useMemo(() => linesOf(subject, samples, asset), [subject, samples, asset]);
    const seconds = (x.at(-1) ?? 0) - (x[0] ?? 0);
    const formatX = seconds < 2 * HOUR ? clockTime : formatTime;
    const formatY = subject === "price" ? dollars : percent;
    return (
        <LineChart
            key={subject}
            label={`${subject} of ${asset.symbol} since its deployment`}
            x={x}
            lines={lines}
            formatX={formatX}
            formatTick={seconds > 3 * DAY ? formatDay : undefined}
            formatY={formatY}
            time
            stepped
            yFrom={subject === "price" ? undefined : 0}
        />
    );
}

function linesOf(subject: Subject, samples: Sample[], asset: Asset): Line[] {
    if (subject === "price") {
        return [{ label: asset.underlyingName, values: samples.map(({ price }) => price), filled: true }];
    }
    if (subject === "utilisation") {
        return [{ label: "Lent out", values: samples.map(({ utilisation }) => utilisation), filled: true }];
    }
    return [
        { label: "Borrow APY", values: samples.map(({ borrowApy }) => borrowApy) },
        { label: "Supply APY", values: samples.map(({ supplyApy }) => supplyApy), tone: "second" },
    ];
}

function clockTime(seconds: number): string {
    return new Date(seconds * 1_000).toLocaleTimeString("en-GB");
}

function percent(share: number): string {
    return `${(share * 100).toFixed(share !== 0 && share < 0.1 ? 2 : 1)}%`;
}

function dollars(price: number): string {
    return formatPrice(BigInt(Math.round(price * 1e6)) * 10n ** 12n);
}
