import { markets, marketsError, usd, type Market } from "../../chain/markets";
import { formatCompact, formatPercent, formatPrice, formatUsdCompact } from "../../lib/format";
import { toFloat } from "../../lib/units";
import { go, href } from "../../router";
import { PriceBadge } from "../../ui/band";
import { Card, Meter, PageHead, Stat, Stats } from "../../ui/card";
import { AssetMark } from "../../ui/icon";
import { ErrorState, Skeleton } from "../../ui/state";
import { Table, type Column } from "../../ui/table";

export function MarketList() {
    return (
        <>
            <PageHead title="Markets">
                Lend what others borrow on margin. Rates follow how much of each pool is lent out.
            </PageHead>
            <div class="stack">
                <Totals />
                <AllMarkets />
            </div>
        </>
    );
}

function Totals() {
    const known = markets.value;
    const sum = (of: (market: Market) => bigint) =>
        known?.list.reduce((total, market) => total + usd(market, of(market)), 0n);
    const supplied = sum((market) => market.pool?.supply ?? 0n);
    const borrowed = sum((market) => market.pool?.debt ?? 0n);
    const backstop = known && usd(known.list[0], known.backstop.assets);
    // The backstop's money is in an account of its own.
    const all = sum((market) => market.held);
    const held = all !== undefined && known ? all - (backstop ?? 0n) : undefined;
    const show = (value: bigint | undefined | null) =>
        value === undefined || value === null ? <Skeleton width="6rem" /> : formatUsdCompact(value);
    return (
        <Card>
            <Stats>
                <Stat label="Supplied to pools" testid="total-supplied">
                    {show(supplied)}
                </Stat>
                <Stat label="Borrowed from pools" testid="total-borrowed">
                    {show(borrowed)}
                </Stat>
                <Stat label="Held in margin accounts">{show(held)}</Stat>
                <Stat label="Backstop, before lenders lose">{show(backstop)}</Stat>
            </Stats>
        </Card>
    );
}

const COLUMNS: readonly Column<Market>[] = [
    {
        title: "Asset",
        head: true,
        cell: ({ asset }) => (
            <a class="asset" href={href("markets", asset.symbol)}>
                <AssetMark symbol={asset.symbol} />
                <span>
                    {asset.symbol}
                    <small>{asset.name}</small>
                </span>
            </a>
        ),
    },
    {
        title: "Price",
        number: true,
        cell: ({ priceWad, band }) => (
            <>
                {formatPrice(priceWad)}
                <span class="sub">
                    <PriceBadge status={band.status} />
                </span>
            </>
        ),
    },
    {
        title: "Supplied",
        number: true,
        cell: (market) => <InTokens market={market} amount={market.pool?.supply} />,
    },
    {
        title: "Supply APY",
        number: true,
        cell: ({ pool }) => (pool ? <b class="tone-good">{formatPercent(pool.supplyApyWad)}</b> : "–"),
    },
    {
        title: "Borrowed",
        number: true,
        cell: (market) => <InTokens market={market} amount={market.pool?.debt} />,
    },
    {
        title: "Borrow APY",
        number: true,
        cell: ({ pool }) => (pool ? <b>{formatPercent(pool.borrowApyWad)}</b> : "–"),
    },
    {
        title: "Utilisation",
        number: true,
        cell: ({ pool, asset }) =>
            pool ? (
                <span class="meter-cell">
                    {formatPercent(pool.utilisationWad, 1)}
                    <Meter share={toFloat(pool.utilisationWad)} label={`Utilisation of ${asset.symbol}`} />
                </span>
            ) : (
                "not lent"
            ),
    },
];

function AllMarkets() {
    const known = markets.value;
    if (!known && marketsError.value) {
        return <ErrorState title="The markets cannot be read" detail={marketsError.value} />;
    }
    return (
        <Card class="card-flush">
            {known ? (
                <Table
                    caption="Markets"
                    columns={COLUMNS}
                    rows={known.list}
                    rowKey={({ asset }) => asset.symbol}
                    onRow={({ asset }) => go("markets", asset.symbol)}
                    testid="markets"
                />
            ) : (
                <div class="card-pad" aria-busy="true">
                    <Skeleton height="18rem" />
                </div>
            )}
        </Card>
    );
}

function InTokens({ market, amount }: { market: Market; amount: bigint | undefined }) {
    if (amount === undefined) return <>–</>;
    const { symbol, decimals } = market.asset;
    return (
        <>
            {formatCompact(amount, decimals, symbol)}
            <span class="sub">{formatUsdCompact(usd(market, amount))}</span>
        </>
    );
}
