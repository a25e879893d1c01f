import { marketOf, markets, usd } from "../../chain/markets";
import type { Asset } from "../../chain/domain";
import type { Query } from "../../chain/query";
import { isLive, session } from "../../chain/session";
import { formatAmount, formatCompact, formatPercent, formatUsd } from "../../lib/format";
import { mulDiv } from "../../lib/units";
import { go, href } from "../../router";
import { choosing, wallet } from "../../wallet/wallet";
import { Button } from "../../ui/button";
import { Card, Stat, Stats } from "../../ui/card";
import { AssetMark, Icon } from "../../ui/icon";
import { Empty, Note, Skeleton } from "../../ui/state";
import { Table, type Column } from "../../ui/table";
import type { Stakes } from "./stakes";

interface OverviewProps {
    stakes: Query<Stakes>;
    /** Symbol of the chosen pool, or "backstop". */
    chosen: string | undefined;
}

export function Overview({ stakes, chosen }: OverviewProps) {
    return (
        <div class="stack">
            {wallet.value ? <Totals stakes={stakes} /> : <Invitation />}
            {stakes.error && isLive.value && <Note tone="warning">{stakes.error}</Note>}
            <Pools stakes={stakes.data} chosen={chosen} />
            <BackstopCard stakes={stakes.data} isChosen={chosen === "backstop"} />
        </div>
    );
}

function Invitation() {
    return (
        <Card>
            <Empty
                title="Connect a wallet to lend"
                icon="wallet"
                action={<Button onClick={() => (choosing.value = true)}>Connect a wallet</Button>}
            >
                Everything below is read from the chain and can be looked at without one.
            </Empty>
        </Card>
    );
}

function Totals({ stakes }: { stakes: Query<Stakes> }) {
    const known = markets.value;
    const { data } = stakes;
    if (!known || !data) {
        return (
            <Card>
                <Skeleton height="3.6rem" />
            </Card>
        );
    }
    let lent = 0n;
    let weighted = 0n;
    for (const market of known.list) {
        const value = usd(market, data.pools.get(market.asset.id)?.assets ?? 0n);
        lent += value;
        weighted += value * (market.pool?.supplyApyWad ?? 0n);
    }
    const staked = usd(known.list[0], data.backstop.assets);
    return (
        <Card>
            <Stats>
                <Stat label="You lend" testid="you-lend">
                    {formatUsd(lent)}
                </Stat>
                <Stat label="Average APY" tone={lent > 0n ? "good" : "plain"}>
                    {lent > 0n ? formatPercent(mulDiv(weighted, 1n, lent)) : "–"}
                </Stat>
                <Stat label="You stake in the backstop" testid="you-stake">
                    {formatUsd(staked)}
                </Stat>
            </Stats>
        </Card>
    );
}

function Pools({ stakes, chosen }: { stakes: Stakes | undefined; chosen: string | undefined }) {
    const lent = session.value!.domain.assets.filter((asset) => asset.pool !== null);
    const known = markets.value;
    const columns: Column<Asset>[] = [
        {
            title: "Pool",
            head: true,
            cell: ({ symbol, name }) => (
                <a
                    class="asset"
                    href={href("lend", symbol)}
                    aria-current={symbol === chosen ? "true" : undefined}
                >
                    <AssetMark symbol={symbol} />
                    <span>
                        {symbol}
                        <small>{name}</small>
                    </span>
                </a>
            ),
        },
        {
            title: "Supply APY",
            number: true,
            cell: (asset) => {
                const pool = marketOf(known, asset)?.pool;
                return pool ? (
                    <b class="tone-good">{formatPercent(pool.supplyApyWad)}</b>
                ) : (
                    <Skeleton width="3rem" />
                );
            },
        },
        {
            title: "In your wallet",
            number: true,
            cell: ({ id, decimals }) => {
                const stake = stakes?.pools.get(id);
                return stake ? formatCompact(stake.balance, decimals) : "–";
            },
        },
        {
            title: "You lend",
            number: true,
            cell: (asset) => {
                const stake = stakes?.pools.get(asset.id);
                if (!stake) return "–";
                if (stake.assets === 0n) return <span class="muted">0</span>;
                return (
                    <span data-testid={`lent-${asset.symbol}`}>
                        {formatAmount(stake.assets, asset.decimals)}
                        <span class="sub">{formatUsd(usd(marketOf(known, asset), stake.assets))}</span>
                    </span>
                );
            },
        },
    ];
    return (
        <Card class="card-flush" title="Pools">
            <Table
                caption="Pools to lend to"
                columns={columns}
                rows={lent}
                rowKey={({ symbol }) => symbol}
                onRow={({ symbol }) => go("lend", symbol)}
                chosen={chosen}
                testid="pools"
            />
        </Card>
    );
}

function BackstopCard({ stakes, isChosen }: { stakes: Stakes | undefined; isChosen: boolean }) {
    const { settlement } = session.value!.domain;
    const backstop = markets.value?.backstop;
    const tokens = (amount: bigint) => formatCompact(amount, settlement.decimals, settlement.symbol);
    return (
        <Card
            title={
                <span class="asset">
                    <Icon name="shield" size={22} /> Backstop
                </span>
            }
            aside={
                isChosen ? undefined : (
                    <a class="button button-quiet button-small" href={href("lend", "backstop")}>
                        Stake or leave
                    </a>
                )
            }
        >
            {backstop ? (
                <Stats>
                    <Stat label="Level" testid="backstop-level">
                        {tokens(backstop.assets)}
                    </Stat>
                    <Stat label="Flagged shortfalls" tone={backstop.flagged > 0n ? "danger" : "plain"}>
                        {tokens(backstop.flagged)}
                    </Stat>
                    <Stat label="Your stake">{stakes ? tokens(stakes.backstop.assets) : "–"}</Stat>
                </Stats>
            ) : (
                <Skeleton height="3.6rem" />
            )}
        </Card>
    );
}
