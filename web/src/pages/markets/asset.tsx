/** One asset: rates and their curve, pool, caps, oracle, risk, history. */

import { readCurve } from "../../chain/curve";
import type { Asset } from "../../chain/domain";
import { marketOf, markets, usd, type Market, type PoolState } from "../../chain/markets";
import { useQuery } from "../../chain/query";
import {
    formatAmount,
    formatCompact,
    formatFixed,
    formatPercent,
    formatPrice,
    formatUsdCompact,
} from "../../lib/format";
import { mulDiv, toFloat, WAD } from "../../lib/units";
import { href } from "../../router";
import { PriceBadge } from "../../ui/band";
import { Card, Meter, Row, Rows, Stat, Stats } from "../../ui/card";
import { LineChart } from "../../ui/chart";
import { AssetMark, Icon } from "../../ui/icon";
import { Note, Skeleton, SkeletonPage } from "../../ui/state";
import { HistoryCard } from "./history";
import { OracleCard, RiskCard } from "./risk";

export function AssetPage({ asset }: { asset: Asset }) {
    const market = marketOf(markets.value, asset);
    if (!market) return <SkeletonPage />;
    const { pool } = market;
    return (
        <>
            <a class="crumb" href={href("markets")}>
                <Icon name="back" size={16} /> Markets
            </a>
            <div class="asset-head">
                <AssetMark symbol={asset.symbol} size={44} />
                <div>
                    <h1>{asset.name}</h1>
                    <p class="muted">
                        {asset.symbol} · {formatPrice(market.priceWad)}{" "}
                        <PriceBadge status={market.band.status} />
                    </p>
                </div>
                {pool && (
                    <a class="button button-primary asset-act" href={href("lend", asset.symbol)}>
                        Lend {asset.symbol}
                    </a>
                )}
            </div>
            <div class="stack">
                {pool && <Figures market={market} pool={pool} />}
                <div class="grid-side">
                    <div class="stack">
                        {pool ? (
                            <CurveCard asset={asset} pool={pool} />
                        ) : (
                            <Note>
                                {asset.symbol} cannot be borrowed: it has no pool, and can be held as margin.
                            </Note>
                        )}
                        <HistoryCard asset={asset} />
                    </div>
                    <div class="stack">
                        <OracleCard market={market} />
                        <CapsCard market={market} />
                    </div>
                </div>
                <div class="grid">
                    <RiskCard asset={asset} />
                    {pool && <PoolCard asset={asset} pool={pool} />}
                </div>
            </div>
        </>
    );
}

function Figures({ market, pool }: { market: Market; pool: PoolState }) {
    const { symbol, decimals } = market.asset;
    const tokens = (amount: bigint) => formatCompact(amount, decimals, symbol);
    const dollars = (amount: bigint) => formatUsdCompact(usd(market, amount));
    return (
        <Card>
            <Stats>
                <Stat label="Supply APY" tone="good" detail="for lenders" testid="supply-apy">
                    {formatPercent(pool.supplyApyWad)}
                </Stat>
                <Stat label="Borrow APY" detail="for accounts in debt" testid="borrow-apy">
                    {formatPercent(pool.borrowApyWad)}
                </Stat>
                <Stat label="Supplied" detail={dollars(pool.supply)} testid="supplied">
                    {tokens(pool.supply)}
                </Stat>
                <Stat label="Borrowed" detail={dollars(pool.debt)} testid="borrowed">
                    {tokens(pool.debt)}
                </Stat>
                <Stat label="Not lent out" detail={dollars(pool.cash)}>
                    {tokens(pool.cash)}
                </Stat>
            </Stats>
        </Card>
    );
}

function CurveCard({ asset, pool }: { asset: Asset; pool: PoolState }) {
    const curve = useQuery(`curve ${asset.symbol}`, (open, block) => readCurve(open, asset, pool, block));
    const now = toFloat(pool.utilisationWad);
    return (
        <Card
            title="Rates by utilisation"
            aside={`${formatPercent(pool.utilisationWad)} lent out now`}
            testid="curve"
        >
            {curve.data ? (
                <LineChart
                    label={`Borrow and supply APY of ${asset.symbol} by utilisation; now ${formatPercent(pool.utilisationWad)}`}
                    x={curve.data.utilisation}
                    lines={[
                        { label: "Borrow", values: curve.data.borrowApy },
                        { label: "Supply", values: curve.data.supplyApy, tone: "second" },
                    ]}
                    formatX={percent}
                    formatY={percent}
                    marker={now}
                    yFrom={0}
                />
            ) : curve.error ? (
                <Note tone="warning">{curve.error}</Note>
            ) : (
                <Skeleton height="220px" />
            )}
        </Card>
    );
}

function CapsCard({ market }: { market: Market }) {
    const { asset, pool, held, supplyCap, debtCap } = market;
    const cap = (label: string, used: bigint, most: bigint) => (
        <div class="cap">
            <p class="cap-words">
                <span class="muted">{label}</span>
                <span>
                    {formatCompact(used, asset.decimals)} of{" "}
                    {formatCompact(most, asset.decimals, asset.symbol)}
                </span>
            </p>
            <Meter share={toFloat(mulDiv(used, WAD, most))} label={`${label}, ${asset.symbol}`} />
        </div>
    );
    return (
        <Card title="Caps">
            <div class="form">
                {cap("Held in margin accounts", held, supplyCap)}
                {pool && cap("Owed by this domain", pool.debt, debtCap)}
                {pool && cap("Credit line of the pool", pool.debt, pool.line)}
            </div>
        </Card>
    );
}

function PoolCard({ asset, pool }: { asset: Asset; pool: PoolState }) {
    const tokens = (amount: bigint) => formatAmount(amount, asset.decimals, asset.symbol);
    return (
        <Card title="Pool">
            <Rows>
                <Row label="One share is worth">
                    {formatFixed(pool.sharePrice, asset.decimals, 8, asset.symbol)}
                </Row>
                <Row label="Reserve, for the backstop">{tokens(pool.reserve)}</Row>
                <Row label="Part of interest to the reserve">{formatPercent(pool.reserveShareWad)}</Row>
                <Row label="Flagged shortfalls" tone={pool.flagged > 0n ? "danger" : "plain"}>
                    {tokens(pool.flagged)}
                </Row>
            </Rows>
        </Card>
    );
}

/** A share as per cent, with as many places as it needs on an axis. */
function percent(share: number): string {
    const value = share * 100;
    return `${value >= 10 || value === 0 ? Math.round(value) : value.toFixed(2)}%`;
}
