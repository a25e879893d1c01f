/** How an account stands, in words, rows and tables. */

import type { ComponentChildren } from "preact";
import type { Hex } from "viem";
import { account, choose, operatedAccounts, ownAccounts } from "../chain/accounts";
import { marketOf, markets } from "../chain/markets";
import type { Outlook } from "../chain/outlook";
import type { Position, Standing, Threshold } from "../chain/standing";
import { indexOf } from "../lib/account";
import {
    formatAmount,
    formatHealth,
    formatInteger,
    formatPercent,
    formatPrice,
    formatUsd,
} from "../lib/format";
import { distance } from "../lib/leverage";
import { accountName } from "../lib/sentences";
import { abs, WAD } from "../lib/units";
import { Row, type Tone } from "./card";
import { healthTone } from "./gauge";
import { AssetMark } from "./icon";
import { Table, type Column } from "./table";

const MANY = 1_000n * WAD;
/** Multiple of today's price beyond which a price of liquidation is not shown. */
const SIGHT = 20n;

/** "Main account", "Sub-account 2", or whose it is. */
export function accountTitle(id: Hex): string {
    if (!ownAccounts.value.includes(id)) return `${accountName(id)} (operated)`;
    const index = indexOf(id);
    return index === 0n ? "Main account" : `Sub-account ${index}`;
}

export function AccountPicker() {
    const current = account.value;
    if (!current) return null;
    const all = [...new Set([...ownAccounts.value, ...operatedAccounts.value, current])];
    return (
        <label class="picker">
            <span class="hidden">Account</span>
            <select
                class="select"
                value={current}
                onChange={(event) => choose(event.currentTarget.value as Hex)}
                data-testid="account-picker"
            >
                {all.map((id) => (
                    <option key={id} value={id}>
                        {accountTitle(id)}
                    </option>
                ))}
            </select>
        </label>
    );
}

export function toneOfHealth(wad: bigint): Tone {
    return wad > MANY ? "good" : healthTone(wad);
}

/** Rows of a preview: what the account becomes. */
export function OutlookRows({ before, after }: { before: Standing | undefined; after: Outlook | undefined }) {
    const health = before?.healthWad;
    return (
        <>
            <Row label="Equity" after={after && formatUsd(after.equityWad)}>
                {formatUsd(before?.equityWad ?? 0n)}
            </Row>
            <Row
                label="Health"
                tone={after ? toneOfHealth(after.healthWad) : "plain"}
                after={after && formatHealth(after.healthWad)}
                testid="health-after"
            >
                {health === undefined || before?.positions.length === 0 ? "–" : formatHealth(health)}
            </Row>
            {thresholdsOf(before, after).map(({ key, label, now, then }) => (
                <Row key={key} label={label} after={after && then} testid={`liquidation-${key}`}>
                    {now}
                </Row>
            ))}
        </>
    );
}

interface ThresholdRow {
    key: string;
    label: string;
    now: string;
    then: string;
}

/** One row for each price at which the account is taken over, now or then. The settlement's own dollar is left out. */
function thresholdsOf(before: Standing | undefined, after: Outlook | undefined): ThresholdRow[] {
    const settlement = markets.value?.list[0]?.asset.underlying;
    const known = new Map<number, { name: string; now?: Threshold; then?: Threshold }>();
    const seen = (one: Threshold) => {
        const market = markets.value?.list.find(({ asset }) => asset.underlying === one.underlying);
        return inSight(one, market?.band.priceWad);
    };
    for (const one of before?.thresholds ?? []) {
        known.set(one.underlying, { name: one.name, now: seen(one) });
    }
    for (const one of after?.thresholds ?? []) {
        known.set(one.underlying, { ...known.get(one.underlying), name: one.name, then: seen(one) });
    }
    const shown = [...known.entries()].filter(
        ([underlying, { now, then }]) => underlying !== settlement && (bounds(now) || bounds(then)),
    );
    return shown.map(([, { name, now, then }]) => ({
        key: name,
        label: shown.length > 1 ? `Liquidation, ${name}` : "Liquidation price",
        now: priceWords(now, !bounds(then)),
        then: priceWords(then),
    }));
}

/** A threshold without prices so far above today's that they say nothing (a long has an upper one too). */
function inSight(threshold: Threshold | undefined, priceWad: bigint | undefined): Threshold | undefined {
    if (!threshold || !priceWad || threshold.aboveWad <= SIGHT * priceWad) return threshold;
    return { ...threshold, aboveWad: 0n };
}

function bounds(threshold: Threshold | undefined): boolean {
    return threshold !== undefined && (threshold.belowWad > 0n || threshold.aboveWad > 0n);
}

function priceWords(threshold: Threshold | undefined, directed = true): string {
    if (!threshold || !bounds(threshold)) return "none";
    const { belowWad, aboveWad } = threshold;
    if (belowWad > 0n && belowWad === aboveWad) return "now";
    const words = (arrow: string, wad: bigint) => (directed ? `${arrow} ` : "") + shortPrice(wad);
    const parts = [belowWad > 0n ? words("↓", belowWad) : "", aboveWad > 0n ? words("↑", aboveWad) : ""];
    return parts.filter(Boolean).join(" · ");
}

/** A price in few letters: rounded down to dollars where it has five digits of them, to cents where it has three. */
function shortPrice(wad: bigint): string {
    if (wad >= 10_000n * WAD) return `$${formatInteger(wad / WAD)}`;
    return wad >= 100n * WAD ? formatUsd(wad) : formatPrice(wad);
}

/** A price at which the account is taken over, and how far away it is. */
export function ThresholdWords({ threshold: whole, priceWad }: { threshold?: Threshold; priceWad: bigint }) {
    const threshold = inSight(whole, priceWad);
    if (!threshold || !bounds(threshold)) return <span class="muted">none</span>;
    const { belowWad, aboveWad } = threshold;
    if (belowWad === aboveWad) return <span class="tone-danger">now</span>;
    const words = (label: string, wad: bigint) => (
        <span class="threshold">
            {label} {formatPrice(wad)}
            <small>{signed(distance(priceWad, wad))}</small>
        </span>
    );
    return (
        <>
            {belowWad > 0n && words("below", belowWad)}
            {aboveWad > 0n && words("above", aboveWad)}
        </>
    );
}

function signed(share: bigint): string {
    return `${share > 0n ? "+" : ""}${formatPercent(share, 1)}`;
}

const REQUIRES: Column<Position> = {
    title: "Requires",
    number: true,
    cell: ({ valueWad, requirementWad }) => (
        <>
            {formatUsd(requirementWad)}
            {valueWad !== 0n && (
                <small class="sub">{formatPercent((requirementWad * WAD) / abs(valueWad), 1)} of it</small>
            )}
        </>
    ),
};

interface PositionsProps {
    standing: Standing;
    /** Leaves out what each requires. */
    short?: boolean;
    /** What may be done with a position. */
    action?: (position: Position) => ComponentChildren;
}

export function Positions({ standing, short = false, action }: PositionsProps) {
    const columns: Column<Position>[] = [
        {
            title: "Asset",
            head: true,
            cell: ({ asset, amount }) => (
                <span class="asset">
                    <AssetMark symbol={asset.symbol} />
                    <span>
                        {asset.symbol}
                        <small>{amount < 0n ? "Debt" : "Held"}</small>
                    </span>
                </span>
            ),
        },
        {
            title: "Balance",
            number: true,
            cell: ({ asset, amount }) => (
                <span class={amount < 0n ? "tone-warning" : undefined}>
                    {formatAmount(amount, asset.decimals, asset.symbol)}
                </span>
            ),
        },
        { title: "Value", number: true, cell: ({ valueWad }) => formatUsd(valueWad) },
        ...(short ? [] : [REQUIRES]),
        {
            title: "Liquidation price",
            number: true,
            cell: ({ asset }) => (
                <ThresholdWords
                    threshold={standing.thresholds.find((one) => one.underlying === asset.underlying)}
                    priceWad={marketOf(markets.value, asset)?.band.priceWad ?? 0n}
                />
            ),
        },
        ...(action ? [{ title: "Actions", number: true, cell: action }] : []),
    ];
    return (
        <div class="positions">
            <Table
                caption="Balances and debts"
                columns={columns}
                rows={standing.positions}
                rowKey={({ asset }) => asset.symbol}
                testid="positions"
            />
        </div>
    );
}
