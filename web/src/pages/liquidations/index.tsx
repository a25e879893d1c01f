/** Liquidations: who is near, what was taken over at which premium, and what the backstop has for the rest. */

import { useEffect } from "preact/hooks";
import type { PageProps } from "..";
import { ledger, ledgerError, ledgerProgress, watchActivity } from "../../chain/activity";
import { marketOf, markets } from "../../chain/markets";
import { session } from "../../chain/session";
import { useBackstopLevels, useWatchlist } from "../../chain/watchlist";
import { formatCompact, formatInteger, formatPercent, formatUsdCompact } from "../../lib/format";
import { premiumOf, type Ledger } from "../../lib/ledger";
import { timeTicks } from "../../lib/ticks";
import { WAD } from "../../lib/units";
import { Card, Meter, PageHead, Stat, Stats } from "../../ui/card";
import { LineChart } from "../../ui/chart";
import { Note, Skeleton } from "../../ui/state";
import "../../styles/trading.css";
import { HistoryCard } from "./history";
import { NearCard } from "./near";

export function LiquidationsPage(_: PageProps) {
    useEffect(watchActivity, []);
    const known = ledger.value;
    const watchlist = useWatchlist(known);
    const below = watchlist.data?.near.filter(({ healthWad }) => healthWad < WAD).length;
    return (
        <>
            <PageHead title="Liquidations">
                Below a health of 1.00× anybody may take over a part of an account and pay for it, less a
                premium. The backstop takes what comes too late.
            </PageHead>
            <div class="stack">
                {ledgerError.value && (
                    <Note tone="warning">What happened cannot be read now: {ledgerError.value}</Note>
                )}
                {known ? (
                    <Figures known={known} near={watchlist.data?.near.length} below={below} />
                ) : (
                    <Reading />
                )}
                <NearCard watchlist={watchlist} flags={known?.flags} />
                <HistoryCard ledger={known} />
                <BackstopCard known={known} />
            </div>
        </>
    );
}

/** The first reading of all events. */
function Reading() {
    const share = ledgerProgress.value;
    return (
        <Card
            title="Reading what happened"
            aside={formatPercent(BigInt(Math.round(share * 100)) * (WAD / 100n), 0)}
        >
            <Meter share={Math.min(share, 0.84)} label="Blocks read" />
        </Card>
    );
}

function Figures({
    known,
    near,
    below,
}: {
    known: Ledger;
    near: number | undefined;
    below: number | undefined;
}) {
    const { settlement } = session.value!.domain;
    const price = marketOf(markets.value, settlement)?.priceWad ?? WAD;
    const backstop = markets.value?.backstop;
    const premium = known.takeovers.reduce(
        (sum, takeover) => sum + premiumOf(takeover, settlement.decimals, price).totalWad,
        0n,
    );
    return (
        <Card>
            <Stats>
                <Stat
                    label="May be taken over"
                    tone={below ? "danger" : "good"}
                    detail="health below 1.00×"
                    testid="below"
                >
                    {below === undefined ? <Skeleton width="3rem" /> : formatInteger(below)}
                </Stat>
                <Stat label="Near" detail="health below 1.30×" testid="near">
                    {near === undefined ? <Skeleton width="3rem" /> : formatInteger(near)}
                </Stat>
                <Stat label="Takeovers" detail="since the deployment" testid="takeovers">
                    {formatInteger(known.takeovers.length)}
                </Stat>
                <Stat label="Premium paid" detail="by accounts to takers and backstop">
                    {formatUsdCompact(premium)}
                </Stat>
                <Stat
                    label="Flagged"
                    tone={known.flags.size > 0 ? "danger" : "plain"}
                    detail="shortfalls not yet resolved"
                    testid="flagged"
                >
                    {formatInteger(known.flags.size)}
                </Stat>
                <Stat label="Backstop" detail="pays shortfalls first" testid="backstop-level">
                    {backstop ? (
                        formatCompact(backstop.assets, settlement.decimals, settlement.symbol)
                    ) : (
                        <Skeleton width="5rem" />
                    )}
                </Stat>
            </Stats>
        </Card>
    );
}

function BackstopCard({ known }: { known: Ledger | null }) {
    const levels = useBackstopLevels(known);
    const { settlement } = session.value!.domain;
    return (
        <Card title="Backstop level" aside={`${settlement.symbol}, of which shortfalls are paid`}>
            {levels ? (
                <LineChart
                    label="Level of the backstop over time"
                    x={levels.map(({ time }) => time)}
                    lines={[{ label: "Backstop", values: levels.map(({ level }) => level), filled: true }]}
                    formatX={timeTicks(levels[0]?.time ?? 0, levels.at(-1)?.time ?? 0)}
                    formatY={compact}
                    time
                    stepped
                    height={190}
                />
            ) : (
                <Skeleton height="190px" />
            )}
        </Card>
    );
}

const COMPACT = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 2 });

function compact(value: number): string {
    return COMPACT.format(value);
}
