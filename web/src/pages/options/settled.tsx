/** Settlement prices of expiries that have passed. */

import type { OptionMarket } from "../../chain/domain";
import type { OptionState } from "../../chain/options";
import { formatPrice, formatTime } from "../../lib/format";
import { Badge, Card } from "../../ui/card";
import { Table } from "../../ui/table";

export function SettledCard({ market, state }: { market: OptionMarket; state: OptionState | undefined }) {
    if (!state || state.settled.length === 0) return null;
    return (
        <Card title="Expired" class="card-flush" testid="settled">
            <Table
                caption={`Settlement prices of ${market.name}`}
                columns={[
                    { title: "Expired", head: true, cell: ({ expiry }) => formatTime(expiry) },
                    {
                        title: "Series",
                        number: true,
                        cell: ({ expiry }) => state.series.filter((one) => one.expiry === expiry).length,
                    },
                    {
                        title: "Settlement price",
                        number: true,
                        cell: ({ priceWad }) =>
                            priceWad === null ? (
                                <Badge tone="warning">Not fixed yet</Badge>
                            ) : (
                                formatPrice(priceWad)
                            ),
                    },
                ]}
                rows={state.settled}
                rowKey={({ expiry }) => String(expiry)}
            />
        </Card>
    );
}
