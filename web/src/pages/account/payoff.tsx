/** What the account's worth becomes at prices of an underlying, its options taken at their expiry; and its Greeks. */

import { useMemo } from "preact/hooks";
import type { Book } from "../../chain/portfolio";
import { formatAmount, formatFixed, formatPrice, formatUsd } from "../../lib/format";
import { payoffAt } from "../../lib/options";
import { toFloat, WAD } from "../../lib/units";
import { Card } from "../../ui/card";
import { LineChart } from "../../ui/chart";
import { Table } from "../../ui/table";

const POINTS = 80;
const [LOW, HIGH] = [0.5, 1.5];

export function PayoffCard({ book }: { book: Book }) {
    const price = toFloat(book.priceWad);
    const { x, all, options } = useMemo(() => curves(book), [book]);
    return (
        <Card title={`Payoff in ${book.name}`} testid={`payoff-${book.name}`}>
            <LineChart
                label={`Change of the account's worth by the price of ${book.name}`}
                x={x}
                lines={[
                    { label: "Account", values: all },
                    ...(book.options.length > 0
                        ? [{ label: "Options alone", values: options, tone: "second" as const, dashed: true }]
                        : []),
                ]}
                formatX={(value) => dollars(value)}
                formatY={(value) => dollars(value)}
                marker={price}
            />
            <p class="muted">
                Against what it is worth now, at {formatPrice(book.priceWad)}; each option as if it expired at
                that price.
            </p>
        </Card>
    );
}

function curves({ priceWad, linearWad, options }: Book) {
    const price = toFloat(priceWad);
    const linear = toFloat(linearWad);
    const x = Array.from({ length: POINTS + 1 }, (_, step) => price * (LOW + ((HIGH - LOW) * step) / POINTS));
    const ofOptions = x.map((at) =>
        options.reduce(
            (sum, { sizeWad, strikeWad, call, worthWad }) =>
                sum + toFloat(sizeWad) * payoffAt(at, toFloat(strikeWad), call) - toFloat(worthWad),
            0,
        ),
    );
    return { x, all: x.map((at, place) => linear * (at - price) + ofOptions[place]!), options: ofOptions };
}

export function GreeksCard({ books }: { books: readonly Book[] }) {
    return (
        <Card title="Greeks" class="card-flush" testid="greeks">
            <Table
                caption="Greeks by underlying"
                columns={[
                    { title: "Underlying", head: true, cell: ({ name }) => name },
                    {
                        title: "Delta",
                        number: true,
                        cell: ({ greeks, name }) => (
                            <data value={greeks.deltaWad.toString()}>
                                {formatAmount(greeks.deltaWad, 18, name)}
                            </data>
                        ),
                    },
                    {
                        title: "Gamma",
                        number: true,
                        cell: ({ greeks }) => (
                            <data value={greeks.gammaWad.toString()}>
                                {formatFixed(greeks.gammaWad, 18, 6)}
                            </data>
                        ),
                    },
                    {
                        title: "Vega, a point",
                        number: true,
                        cell: ({ greeks }) => (
                            <data value={greeks.vegaWad.toString()}>{formatUsd(greeks.vegaWad / 100n)}</data>
                        ),
                    },
                    {
                        title: "Theta, a day",
                        number: true,
                        cell: ({ greeks }) => (
                            <data value={greeks.thetaPerDayWad.toString()}>
                                {formatUsd(greeks.thetaPerDayWad)}
                            </data>
                        ),
                    },
                    {
                        title: "Per 1% of the price",
                        number: true,
                        cell: ({ greeks, priceWad }) => formatUsd((greeks.deltaWad * priceWad) / WAD / 100n),
                    },
                ]}
                rows={books}
                rowKey={({ name }) => name}
            />
        </Card>
    );
}

function dollars(value: number): string {
    const sign = value < 0 ? "−" : "";
    return `${sign}$${Math.abs(value).toLocaleString("en-US", { maximumFractionDigits: 0 })}`;
}
