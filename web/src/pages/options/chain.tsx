/** The chain of one expiry: strikes down the middle, calls to the left, puts to the right. */

import { useState } from "preact/hooks";
import { clock } from "../../chain/head";
import type { Series } from "../../chain/options";
import { formatDuration, formatFixed, formatPercent, formatPrice, formatTime } from "../../lib/format";
import { seriesName, type Leg } from "../../lib/options";
import { PriceBadge } from "../../ui/band";
import { Card } from "../../ui/card";
import { Empty, Skeleton } from "../../ui/state";
import type { OptionData } from "./data";

interface Props extends OptionData {
    legs: readonly Leg[];
    onSeries: (series: bigint) => void;
}

export function ChainCard({ market, state, held, legs, onSeries }: Props) {
    const [wanted, setWanted] = useState<number | null>(null);
    if (!state) {
        return (
            <Card title="Option chain">
                <Skeleton height="18rem" />
            </Card>
        );
    }
    const alive = state.series.filter(({ expiry }) => expiry > clock.value);
    const expiries = [...new Set(alive.map(({ expiry }) => expiry))].sort((a, b) => a - b);
    const expiry = wanted !== null && expiries.includes(wanted) ? wanted : expiries[0];
    if (expiry === undefined) {
        return (
            <Card title="Option chain" testid="chain">
                <Empty title={`No series in ${market.name}`}>
                    Anybody creates one, by the market's createSeries, for a day that has a smile.
                </Empty>
            </Card>
        );
    }
    const rows = alive.filter((row) => row.expiry === expiry);
    const strikes = [...new Set(rows.map(({ strikeWad }) => strikeWad))].sort((a, b) => (a < b ? -1 : 1));
    const find = (strikeWad: bigint, call: boolean) =>
        rows.find((row) => row.strikeWad === strikeWad && row.call === call);
    const sizeOf = (row: Series | undefined) =>
        (row && held?.holdings.find(({ series }) => series === row.series)?.sizeWad) ?? 0n;
    const side = { sizeOf, legs, onSeries };
    return (
        <Card
            title="Option chain"
            class="card-flush"
            aside={
                <span class="chain-index" data-testid="index">
                    {market.underlyingName} {formatPrice(state.indexWad)} <PriceBadge status={state.status} />
                </span>
            }
            testid="chain"
        >
            <div class="expiries" role="group" aria-label="Expiry">
                {expiries.map((one) => (
                    <button
                        key={one}
                        type="button"
                        class={one === expiry ? "expiry expiry-chosen" : "expiry"}
                        aria-pressed={one === expiry}
                        onClick={() => setWanted(one)}
                        data-testid={`expiry-${one}`}
                    >
                        {formatTime(one)}
                        <small>in {formatDuration(one - clock.value)}</small>
                    </button>
                ))}
            </div>
            <div class="chain-scroll" tabIndex={0} role="region" aria-label="Calls and puts by strike">
                <table class="chain-table" data-testid="chain-table">
                    <caption class="hidden">Calls and puts that expire {formatTime(expiry)}</caption>
                    <thead>
                        <tr>
                            <th colSpan={5} scope="colgroup">
                                Calls
                            </th>
                            <td />
                            <th colSpan={5} scope="colgroup">
                                Puts
                            </th>
                        </tr>
                        <tr>
                            {["Yours", "Open", "Delta", "Volatility", "Price"].map((title) => (
                                <th key={title} scope="col">
                                    {title}
                                </th>
                            ))}
                            <th scope="col" class="strike">
                                Strike
                            </th>
                            {["Price", "Volatility", "Delta", "Open", "Yours"].map((title) => (
                                <th key={title} scope="col">
                                    {title}
                                </th>
                            ))}
                        </tr>
                    </thead>
                    <tbody>
                        {strikes.map((strike) => {
                            const [call, put] = [find(strike, true), find(strike, false)];
                            return (
                                <tr key={strike.toString()}>
                                    <Side
                                        row={call}
                                        {...side}
                                        isInside={strike < state.indexWad}
                                        isMirrored
                                    />
                                    <th scope="row" class="strike">
                                        {formatPrice(strike)}
                                    </th>
                                    <Side row={put} {...side} isInside={strike > state.indexWad} />
                                </tr>
                            );
                        })}
                    </tbody>
                </table>
            </div>
        </Card>
    );
}

interface SideProps {
    row: Series | undefined;
    sizeOf: (row: Series | undefined) => bigint;
    legs: readonly Leg[];
    onSeries: (series: bigint) => void;
    isInside: boolean;
    isMirrored?: boolean;
}

function Side({ row, sizeOf, legs, onSeries, isInside, isMirrored }: SideProps) {
    if (!row) return <td colSpan={5} class="chain-none" />;
    const size = sizeOf(row);
    const isChosen = legs.some(({ series }) => series === row.series);
    const place = isInside ? "chain-inside" : undefined;
    const cells = [
        <td key="price" class={place}>
            <button
                type="button"
                class={isChosen ? "chain-price chain-chosen" : "chain-price"}
                aria-pressed={isChosen}
                aria-label={`${formatFixed(row.valueWad, 18, 2)}, ${seriesName(row)}`}
                onClick={() => onSeries(row.series)}
                data-testid={`series-${row.series}`}
            >
                {formatFixed(row.valueWad, 18, 2)}
            </button>
        </td>,
        <td key="volatility" class={place}>
            {row.status === "fresh" ? (
                formatPercent(row.volatilityWad, 1)
            ) : (
                <span title="The smile is not fresh">{row.status}</span>
            )}
        </td>,
        <td key="delta" class={place}>
            {formatFixed(row.deltaWad, 18, 2)}
        </td>,
        <td key="open" class={place}>
            {row.openInterestWad === 0n ? "–" : formatFixed(row.openInterestWad, 18, 2)}
        </td>,
        <td
            key="own"
            class={`${place ?? ""} ${size > 0n ? "tone-good" : size < 0n ? "tone-danger" : ""}`}
            data-testid={`own-${row.series}`}
        >
            {size === 0n ? "–" : `${size > 0n ? "+" : ""}${formatFixed(size, 18, 2)}`}
        </td>,
    ];
    return <>{isMirrored ? cells.reverse() : cells}</>;
}
