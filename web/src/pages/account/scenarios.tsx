/** The margin grid: what the account gains or loses at each point, by underlying, the worst one marked. */

import { useState } from "preact/hooks";
import type { Hex } from "viem";
import { INITIAL, MAINTENANCE, useGrid, type Netted } from "../../chain/portfolio";
import { session } from "../../chain/session";
import type { Standing } from "../../chain/standing";
import { formatPercent, formatUsd, formatUsdCompact } from "../../lib/format";
import type { HeatCell } from "../../lib/options";
import { abs, max, toFloat } from "../../lib/units";
import { Card } from "../../ui/card";
import { Tabs } from "../../ui/field";
import { Note, Skeleton } from "../../ui/state";

type Which = "initial" | "maintenance";

const WHICH: readonly (readonly [Which, string])[] = [
    ["initial", "Initial"],
    ["maintenance", "Maintenance"],
];

export function ScenariosCard({ id, standing }: { id: Hex; standing: Standing }) {
    const { domain } = session.value!;
    const [which, setWhich] = useState<Which>("maintenance");
    const grid = useGrid(id, which === "initial" ? INITIAL : MAINTENANCE);
    const nameOf = (underlying: number) =>
        domain.assets.find((asset) => asset.underlying === underlying)?.underlyingName ?? `#${underlying}`;
    return (
        <Card
            title="Scenarios"
            aside={<Tabs label="Requirement" value={which} options={WHICH} onChange={setWhich} />}
            testid="scenarios"
        >
            <div class="stack">
                {!standing.isPortfolio && (
                    <Note>The account has standard margin; this is what it would be as a portfolio.</Note>
                )}
                {grid.error && <Note tone="warning">{grid.error}</Note>}
                {!grid.data && !grid.error && <Skeleton height="10rem" />}
                {grid.data?.netted.map((netted) => (
                    <Map key={netted.underlying} netted={netted} name={nameOf(netted.underlying)} />
                ))}
                {grid.data && (
                    <p class="muted">
                        Unwinding, basis and add-ons, which never net: {formatUsd(grid.data.apartWad)}.
                        Correlation counted: {formatPercent(grid.data.rhoWad, 0)}.
                    </p>
                )}
            </div>
        </Card>
    );
}

function Map({ netted, name }: { netted: Netted; name: string }) {
    const { map } = netted;
    const cells = map.rows.flatMap(({ cells }) => cells.filter((cell) => cell !== undefined));
    const largest = cells.reduce((most, { changeWad }) => max(most, abs(changeWad)), 1n);
    return (
        <div class="chain-scroll" tabIndex={0} role="region" aria-label={`Scenarios of ${name}`}>
            <table class="heat" data-testid={`heat-${name}`}>
                <caption>
                    {name}: worst {formatUsd(-max(netted.lowerLossWad, netted.upperLossWad))}
                </caption>
                <thead>
                    <tr>
                        <th scope="col">Volatility</th>
                        {map.columns.map(({ spotWad, isTail }) => (
                            <th key={`${spotWad} ${isTail}`} scope="col">
                                {signed(spotWad)}
                                {isTail && <small>tail</small>}
                            </th>
                        ))}
                    </tr>
                </thead>
                <tbody>
                    {map.rows.map(({ volatilityWad, cells }) => (
                        <tr key={volatilityWad.toString()}>
                            <th scope="row">{signed(volatilityWad)}</th>
                            {cells.map((cell, place) =>
                                cell ? (
                                    <Cell
                                        key={place}
                                        cell={cell}
                                        share={toFloat(abs(cell.changeWad)) / toFloat(largest)}
                                        isWorst={cell.point === map.worst && cell.changeWad < 0n}
                                    />
                                ) : (
                                    <td key={place} class="heat-none" />
                                ),
                            )}
                        </tr>
                    ))}
                </tbody>
            </table>
        </div>
    );
}

function Cell({ cell, share, isWorst }: { cell: HeatCell; share: number; isWorst: boolean }) {
    const tone = cell.changeWad < 0n ? "--danger" : "--good";
    return (
        <td
            class={isWorst ? "heat-worst" : undefined}
            style={{
                background: `color-mix(in srgb, var(${tone}) ${Math.round(share * 38)}%, var(--surface))`,
            }}
            title={formatUsd(cell.changeWad)}
            data-point={cell.point}
            data-change={cell.changeWad.toString()}
            data-testid={isWorst ? "worst" : undefined}
        >
            {wholeDollars(cell.changeWad)}
            {isWorst && <small>worst</small>}
        </td>
    );
}

function signed(wad: bigint): string {
    return wad === 0n ? "0%" : `${wad > 0n ? "+" : ""}${formatPercent(wad, 1)}`;
}

/** Cents take room and say nothing here; the title has them. */
function wholeDollars(wad: bigint): string {
    return formatUsdCompact(wad).replace(/\.\d\d$/, "");
}
