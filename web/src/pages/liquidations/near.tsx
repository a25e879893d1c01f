/** Accounts near or below a health of one, lowest first. */

import type { Hex } from "viem";
import { account as current, ownAccounts } from "../../chain/accounts";
import type { Query } from "../../chain/query";
import { NEAR, type Watched, type Watchlist } from "../../chain/watchlist";
import { formatAmount, formatHealth, formatInteger, formatUsd } from "../../lib/format";
import type { Flag } from "../../lib/ledger";
import { accountName } from "../../lib/sentences";
import { toFloat, WAD } from "../../lib/units";
import { Badge, Card } from "../../ui/card";
import { healthTone } from "../../ui/gauge";
import { Empty, Note, Skeleton } from "../../ui/state";
import { Table } from "../../ui/table";

interface NearProps {
    watchlist: Query<Watchlist>;
    flags: ReadonlyMap<Hex, Flag> | undefined;
}

export function NearCard({ watchlist: { data, error }, flags }: NearProps) {
    return (
        <Card
            class="card-flush"
            title="Near or below"
            aside={
                data && `${formatInteger(data.total)} ${data.total === 1 ? "account" : "accounts"} watched`
            }
            testid="near-card"
        >
            {error && (
                <div class="card-note">
                    <Note tone="warning">{error}</Note>
                </div>
            )}
            {!data && !error && (
                <div class="card-note" aria-busy="true">
                    <Skeleton height="4rem" />
                </div>
            )}
            {data && data.near.length === 0 && (
                <Empty title="All accounts are well above" icon="shield">
                    None has a health below {formatHealth(NEAR)}. Accounts appear here with the block that
                    brings them near.
                </Empty>
            )}
            {data && data.near.length > 0 && <NearTable rows={data.near} flags={flags} />}
        </Card>
    );
}

function NearTable({ rows, flags }: { rows: readonly Watched[]; flags: NearProps["flags"] }) {
    return (
        <Table
            caption="Accounts near or below a health of one"
            rows={rows}
            rowKey={({ account }) => account}
            testid="near-table"
            columns={[
                {
                    title: "Account",
                    head: true,
                    cell: ({ account, healthWad, equityWad }) => (
                        <>
                            <span class="mono" title={account}>
                                {accountName(account)}
                            </span>{" "}
                            {(account === current.value || ownAccounts.value.includes(account)) && (
                                <Badge tone="accent">Yours</Badge>
                            )}{" "}
                            {flags?.has(account) ? (
                                <Badge tone="danger">Flagged</Badge>
                            ) : equityWad < 0n ? (
                                <Badge tone="danger">Insolvent</Badge>
                            ) : (
                                healthWad < WAD && <Badge tone="danger">May be taken over</Badge>
                            )}
                        </>
                    ),
                },
                {
                    title: "Health",
                    number: true,
                    cell: ({ healthWad }) => (
                        <span class={`health-line tone-${healthTone(healthWad)}`}>
                            <b>{formatHealth(healthWad)}</b>
                            <span class="health-bar" aria-hidden="true">
                                <i
                                    style={{
                                        width: `${room(healthWad)}%`,
                                    }}
                                />
                            </span>
                        </span>
                    ),
                },
                { title: "Equity", number: true, cell: ({ equityWad }) => formatUsd(equityWad) },
                { title: "Requires", number: true, cell: ({ requirementWad }) => formatUsd(requirementWad) },
                { title: "Debt", number: true, cell: ({ debtWad }) => formatUsd(debtWad) },
                {
                    title: "Holds and owes",
                    number: true,
                    cell: ({ positions }) => (
                        <span class="holdings">
                            {positions.map(({ asset, amount }) => (
                                <span key={asset.id} class={amount < 0n ? "tone-warning" : undefined}>
                                    {formatAmount(amount, asset.decimals, asset.symbol, 3)}
                                </span>
                            ))}
                        </span>
                    ),
                },
            ]}
        />
    );
}

/** How much of the way from one to NEAR is left, in per cent. */
function room(healthWad: bigint): number {
    const share = (toFloat(healthWad) - 1) / (toFloat(NEAR) - 1);
    return Math.min(100, Math.max(4, share * 100));
}
