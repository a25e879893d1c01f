/** What was taken over and written off, newest first. */

import { useState } from "preact/hooks";
import { assetByToken } from "../../chain/domain";
import { marketOf, markets } from "../../chain/markets";
import { session } from "../../chain/session";
import {
    formatAmount,
    formatHealth,
    formatInteger,
    formatPercent,
    formatTime,
    formatUsd,
    shortAddress,
} from "../../lib/format";
import { healthThen, premiumOf, type Ledger, type Takeover, type WriteOff } from "../../lib/ledger";
import { accountName } from "../../lib/sentences";
import { WAD } from "../../lib/units";
import { Button } from "../../ui/button";
import { Card } from "../../ui/card";
import { Empty, Skeleton } from "../../ui/state";
import { Table } from "../../ui/table";

const PAGE = 20;

type Line = (Takeover & { kind: "takeover" }) | (WriteOff & { kind: "writeOff" });

export function HistoryCard({ ledger }: { ledger: Ledger | null }) {
    const [count, setCount] = useState(PAGE);
    const lines = ledger ? linesOf(ledger) : null;
    return (
        <Card
            class="card-flush"
            title="History"
            aside={
                lines &&
                lines.length > 0 &&
                `${formatInteger(lines.length)} ${lines.length === 1 ? "entry" : "entries"}`
            }
            testid="history-card"
        >
            {!lines && (
                <div class="card-note" aria-busy="true">
                    <Skeleton height="4rem" />
                </div>
            )}
            {lines && lines.length === 0 && (
                <Empty title="Nothing was taken over yet" icon="liquidations">
                    Takeovers and write-offs appear here with the block they happen in.
                </Empty>
            )}
            {lines && lines.length > 0 && <HistoryTable lines={lines.slice(0, count)} />}
            {lines && lines.length > count && (
                <div class="card-note">
                    <Button kind="quiet" size="wide" onClick={() => setCount(count + PAGE)}>
                        Show more
                    </Button>
                </div>
            )}
        </Card>
    );
}

function linesOf({ takeovers, writeOffs }: Ledger): Line[] {
    const lines: Line[] = [
        ...takeovers.map((takeover) => ({ kind: "takeover" as const, ...takeover })),
        ...writeOffs.map((writeOff) => ({ kind: "writeOff" as const, ...writeOff })),
    ];
    return lines.sort((one, other) => (one.block === other.block ? 0 : one.block < other.block ? 1 : -1));
}

function HistoryTable({ lines }: { lines: readonly Line[] }) {
    const { domain } = session.value!;
    const { settlement } = domain;
    const price = marketOf(markets.value, settlement)?.priceWad ?? WAD;
    const premium = (takeover: Takeover) => premiumOf(takeover, settlement.decimals, price);
    return (
        <div class="arrive">
            <Table
                caption="Takeovers and write-offs"
                rows={lines}
                rowKey={({ kind, key }) => `${kind} ${key}`}
                testid="history-table"
                columns={[
                    {
                        title: "Account",
                        head: true,
                        cell: ({ account, block, time }) => (
                            <>
                                <span class="mono" title={account}>
                                    {accountName(account)}
                                </span>
                                <small class="sub">
                                    {time ? `${formatTime(time)} · ` : ""}block {formatInteger(block)}
                                </small>
                            </>
                        ),
                    },
                    {
                        title: "What",
                        cell: (line) =>
                            line.kind === "takeover" ? (
                                <>
                                    {formatPercent(line.fractionWad, 1)} taken over
                                    <small class="sub">at a health of {formatHealth(healthThen(line))}</small>
                                </>
                            ) : (
                                <span class="tone-danger">{writtenOff(line)} written off</span>
                            ),
                    },
                    {
                        title: "By",
                        cell: (line) =>
                            line.kind === "takeover" ? (
                                <span class="mono" title={line.caller}>
                                    {shortAddress(line.caller)}
                                </span>
                            ) : (
                                <span class="muted">lenders bear it</span>
                            ),
                    },
                    {
                        title: "Paid",
                        number: true,
                        cell: (line) =>
                            line.kind === "takeover"
                                ? formatAmount(line.payment, settlement.decimals, settlement.symbol)
                                : "–",
                    },
                    {
                        title: "Premium",
                        number: true,
                        cell: (line) =>
                            line.kind === "takeover" ? (
                                <>
                                    {formatUsd(premium(line).totalWad)}
                                    <small class="sub">
                                        {formatPercent(premium(line).shareWad)} of the requirement
                                    </small>
                                </>
                            ) : (
                                "–"
                            ),
                    },
                    {
                        title: "Backstop",
                        number: true,
                        cell: (line) => (line.kind === "takeover" ? <BackstopPart takeover={line} /> : "–"),
                    },
                ]}
            />
        </div>
    );

    function writtenOff({ token, amount }: WriteOff): string {
        const asset = assetByToken(domain, token);
        return asset
            ? formatAmount(amount, asset.decimals, asset.symbol)
            : `${amount} units of ${shortAddress(token)}`;
    }
}

function BackstopPart({ takeover }: { takeover: Takeover }) {
    const { settlement } = session.value!.domain;
    const net = takeover.backstopFee - takeover.topUp;
    const text = formatAmount(net, settlement.decimals, settlement.symbol, 2);
    return <span class={net < 0n ? "tone-danger" : "tone-good"}>{net > 0n ? `+${text}` : text}</span>;
}
