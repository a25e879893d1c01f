/** The market's latest trades, by its events. */

import { account } from "../../chain/accounts";
import type { Perp } from "../../chain/domain";
import type { PerpHistory, PerpTrade } from "../../chain/perp-history";
import type { Query } from "../../chain/query";
import { accountId } from "../../lib/account";
import { formatAmount, formatPrice, formatTime } from "../../lib/format";
import { abs } from "../../lib/units";
import { Badge, Card } from "../../ui/card";
import { Empty, Note, Skeleton } from "../../ui/state";
import { Table, type Column } from "../../ui/table";

const SHOWN = 12;

export function TradesCard({ perp, history }: { perp: Perp; history: Query<PerpHistory> }) {
    const { data, error } = history;
    const amm = accountId(perp.amm).toLowerCase();
    const mine = account.value?.toLowerCase();
    const columns: Column<PerpTrade>[] = [
        { title: "Time", head: true, cell: ({ time }) => (time ? formatTime(time) : "–") },
        {
            title: "Taker",
            cell: ({ sizeWad, taker, maker }) => (
                <>
                    <span class={sizeWad > 0n ? "tone-good" : "tone-danger"}>
                        {sizeWad > 0n ? "Buys" : "Sells"}
                    </span>{" "}
                    {(taker.toLowerCase() === mine || maker.toLowerCase() === mine) && (
                        <Badge tone="accent">yours</Badge>
                    )}
                </>
            ),
        },
        {
            title: "Size",
            number: true,
            cell: ({ sizeWad }) => formatAmount(abs(sizeWad), 18, perp.underlyingName, 4),
        },
        { title: "Price", number: true, cell: ({ priceWad }) => formatPrice(priceWad) },
        {
            title: "Against",
            number: true,
            cell: ({ maker }) => (maker.toLowerCase() === amm ? "Virtual AMM" : "Order"),
        },
    ];
    return (
        <Card title="Recent trades" class="card-flush" testid="trades">
            {error && (
                <div class="card-note">
                    <Note tone="warning">{error}</Note>
                </div>
            )}
            {!data && !error && (
                <div class="card-note">
                    <Skeleton height="8rem" />
                </div>
            )}
            {data && data.trades.length === 0 && <Empty title="No trades yet" />}
            {data && data.trades.length > 0 && (
                <Table
                    caption={`Latest trades in ${perp.name}`}
                    columns={columns}
                    rows={data.trades.slice(0, SHOWN)}
                    rowKey={({ key }) => key}
                    testid="trade-list"
                />
            )}
        </Card>
    );
}
