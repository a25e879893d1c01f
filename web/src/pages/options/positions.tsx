/** What the account has in the market: positions with their value, unsettled profit, claims, and settling. */

import type { Hex } from "viem";
import { account } from "../../chain/accounts";
import { clock } from "../../chain/head";
import { roundAt, settleExpired, settleOptions, type OptionHolding } from "../../chain/options";
import { useQuery } from "../../chain/query";
import { session } from "../../chain/session";
import { formatAmount, formatFixed, formatUsd } from "../../lib/format";
import { seriesName } from "../../lib/options";
import { quoteToUsd } from "../../lib/perps";
import { WAD } from "../../lib/units";
import { Action, usePreview } from "../../ui/action";
import { Badge, Card, Stat, Stats } from "../../ui/card";
import { Empty, Note, Skeleton } from "../../ui/state";
import { Table } from "../../ui/table";
import type { Plan } from "../../wallet/transact";
import { address } from "../../wallet/wallet";
import type { OptionData } from "./data";

export function OptionPositions(props: OptionData & { error: string | undefined }) {
    const { market, held, error } = props;
    const id = account.value;
    if (!address.value || !id) {
        return (
            <Card title="Your positions">
                <Empty title="No wallet connected" icon="wallet">
                    Connect one to trade. The chain is there without.
                </Empty>
            </Card>
        );
    }
    const { settlement } = session.value!.domain;
    const tokens = (amount: bigint) => formatAmount(amount, settlement.decimals, settlement.symbol);
    return (
        <Card title="Your positions" testid="option-positions">
            <div class="stack">
                {error && <Note tone="warning">{error}</Note>}
                {!held && !error && <Skeleton height="5rem" />}
                {held?.isEmpty && (
                    <Empty title={`Nothing in ${market.name}`}>Take an offer, or sign one of your own.</Empty>
                )}
                {held && !held.isEmpty && (
                    <>
                        <Stats>
                            <Stat label="Worth" detail="all positions, at the index" testid="options-worth">
                                {formatUsd(held.holdings.reduce((sum, { worthWad }) => sum + worthWad, 0n))}
                            </Stat>
                            <Stat label="Cost" detail="paid, less what was settled">
                                {formatUsd(quoteToUsd(held.cost))}
                            </Stat>
                            <Stat
                                label="Unsettled profit"
                                detail="pays no withdrawal yet"
                                tone={held.pnl < 0n ? "danger" : held.pnl > 0n ? "good" : "plain"}
                                testid="options-pnl"
                            >
                                {formatUsd(quoteToUsd(held.pnl))}
                            </Stat>
                            <Stat label="Claims" detail={`${tokens(held.allotted)} ready to be paid`}>
                                {tokens(held.waiting + held.allotted)}
                            </Stat>
                        </Stats>
                        {held.holdings.length > 0 && <Holdings rows={held.holdings} />}
                        <Settle {...props} id={id} />
                    </>
                )}
            </div>
        </Card>
    );
}

function Holdings({ rows }: { rows: readonly OptionHolding[] }) {
    return (
        <div class="bleed">
            <Table
                caption="Positions"
                columns={[
                    { title: "Series", head: true, cell: (row) => seriesName(row) },
                    {
                        title: "Side",
                        cell: ({ sizeWad, expiry }) => (
                            <>
                                <Badge tone={sizeWad > 0n ? "good" : "danger"}>
                                    {sizeWad > 0n ? "Long" : "Short"}
                                </Badge>{" "}
                                {expiry <= clock.value && <Badge tone="warning">Expired</Badge>}
                            </>
                        ),
                    },
                    { title: "Size", number: true, cell: ({ sizeWad }) => formatFixed(sizeWad, 18, 4) },
                    {
                        title: "Price",
                        number: true,
                        cell: ({ worthWad, sizeWad }) => formatUsd((worthWad * WAD) / sizeWad),
                    },
                    { title: "Value", number: true, cell: ({ worthWad }) => formatUsd(worthWad) },
                ]}
                rows={rows}
                rowKey={({ series }) => series.toString()}
                testid="option-holdings"
            />
        </div>
    );
}

/** Settles in tokens; the oldest expiry whose price is not fixed is fixed in the same transaction. */
function Settle({ market, state, held, id }: OptionData & { id: Hex }) {
    const unfixed = state?.settled
        .filter(
            ({ expiry, priceWad }) =>
                priceWad === null && held?.holdings.some((one) => one.expiry === expiry),
        )
        .at(-1);
    const round = useQuery(
        unfixed && market.aggregator ? `round ${market.aggregator} ${unfixed.expiry}` : null,
        (open) => roundAt(open, market.aggregator!, unfixed!.expiry),
    );
    const call = !unfixed
        ? settleOptions(market, id)
        : round.data !== undefined
          ? settleExpired(market, unfixed.expiry, round.data, id)
          : null;
    const title = unfixed ? "Fix the price and settle" : "Settle";
    const plan: Plan | null = call && {
        key: `settle ${market.market} ${id} ${call.data}`,
        title,
        steps: [{ title, call }],
        amounts: session.value!.domain.settlement,
    };
    const preview = usePreview(plan);
    return (
        <>
            {round.error && <Note tone="warning">{round.error}</Note>}
            <Action plan={plan} preview={preview} label={title} kind="quiet" testid="settle" />
        </>
    );
}
