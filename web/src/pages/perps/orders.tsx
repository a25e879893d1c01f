/** The account's orders at the matcher: open ones can be called off, the latest of the others are told. */

import { isAddressEqual } from "viem";
import { account } from "../../chain/accounts";
import type { Perp } from "../../chain/domain";
import { matcherStatus, useOrders, type OrderStatus, type PlacedOrder } from "../../chain/matcher";
import { formatAmount, formatPrice, formatTime } from "../../lib/format";
import { flagWords, triggerWords } from "../../lib/orders";
import { abs } from "../../lib/units";
import { callOff } from "../../wallet/orders";
import { sending } from "../../wallet/transact";
import { obstacle } from "../../wallet/wallet";
import { Badge, Card, type Tone } from "../../ui/card";
import { Button } from "../../ui/button";
import { Empty, Skeleton } from "../../ui/state";
import { Table, type Column } from "../../ui/table";

const MOST_ENDED = 6;
const WORDS: Readonly<Record<OrderStatus, readonly [Tone, string]>> = {
    open: ["accent", "In the book"],
    waiting: ["plain", "Waits for its trigger"],
    matched: ["accent", "Being settled"],
    filled: ["good", "Filled"],
    cancelled: ["plain", "Cancelled"],
    expired: ["plain", "Expired"],
    dropped: ["warning", "Dropped"],
};

export function OrdersCard({ perp }: { perp: Perp }) {
    const id = account.value;
    const all = useOrders(id)?.filter(({ market }) => isAddressEqual(market, perp.market));
    if (!id) return null;
    const status = matcherStatus.value.kind;
    const alive = all?.filter(isAlive) ?? [];
    const ended = all?.filter((order) => !isAlive(order)).slice(0, MOST_ENDED) ?? [];
    const rows = [...alive, ...ended];
    return (
        <Card
            title="Orders"
            aside={
                status === "live" &&
                alive.length > 1 && (
                    <CancelButton
                        label="Cancel all"
                        onClick={() =>
                            void callOff(
                                id,
                                alive.map(({ hash }) => hash),
                            )
                        }
                    />
                )
            }
            class="card-flush"
            testid="orders"
        >
            {status === "absent" ? (
                <Empty title="Not known without the matcher">
                    What was signed stays valid until it expires or is cancelled.
                </Empty>
            ) : !all ? (
                <div class="card-note">
                    <Skeleton height="4rem" />
                </div>
            ) : rows.length === 0 ? (
                <Empty title="No orders">
                    Limit, stop and take-profit orders of this account stand here.
                </Empty>
            ) : (
                <Table
                    caption={`Orders in ${perp.name}`}
                    columns={columnsOf(perp)}
                    rows={rows}
                    rowKey={({ hash }) => hash}
                    testid="order-list"
                />
            )}
        </Card>
    );
}

function columnsOf(perp: Perp): Column<PlacedOrder>[] {
    return [
        {
            title: "Order",
            head: true,
            cell: ({ sizeWad, flags, trigger, triggerPriceWad }) => (
                <>
                    <span class={BigInt(sizeWad) > 0n ? "tone-good" : "tone-danger"}>
                        {BigInt(sizeWad) > 0n ? "Buy" : "Sell"}
                    </span>{" "}
                    {formatAmount(abs(BigInt(sizeWad)), 18, perp.underlyingName)}
                    <small class="sub">
                        {[
                            ...(Number(trigger)
                                ? [
                                      `index ${triggerWords(Number(trigger))} ${formatPrice(BigInt(triggerPriceWad))}`,
                                  ]
                                : []),
                            ...flagWords(Number(flags)),
                        ].join(", ")}
                    </small>
                </>
            ),
        },
        { title: "Price", number: true, cell: ({ limitPriceWad }) => formatPrice(BigInt(limitPriceWad)) },
        { title: "Filled", number: true, cell: ({ filled }) => formatAmount(BigInt(filled), 18) },
        { title: "Expires", number: true, cell: ({ expiry }) => formatTime(Number(expiry)) },
        {
            title: "Status",
            cell: ({ status, reason }) => {
                const [tone, words] = WORDS[status];
                return (
                    <>
                        <Badge tone={tone}>{words}</Badge>
                        {reason && <small class="sub">{reason}</small>}
                    </>
                );
            },
        },
        {
            title: "Action",
            number: true,
            cell: (order) =>
                order.status === "open" || order.status === "waiting" ? (
                    <CancelButton
                        label="Cancel"
                        of={`the order over ${formatAmount(abs(BigInt(order.sizeWad)), 18, perp.underlyingName)}`}
                        onClick={() => void callOff(order.account, [order.hash])}
                    />
                ) : null,
        },
    ];
}

function CancelButton({ label, of, onClick }: { label: string; of?: string; onClick: () => void }) {
    return (
        <Button
            kind="quiet"
            size="small"
            label={of && `${label} ${of}`}
            disabled={sending.value !== null || obstacle.value !== null}
            onClick={onClick}
            testid="cancel-order"
        >
            {label}
        </Button>
    );
}

function isAlive({ status }: PlacedOrder): boolean {
    return status === "open" || status === "waiting" || status === "matched";
}
