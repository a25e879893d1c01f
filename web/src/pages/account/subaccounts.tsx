/** The owner's accounts, how each stands, and moving assets between them. */

import { lensAbi } from "@generated/abi";
import { useState } from "preact/hooks";
import type { Hex } from "viem";
import { account, choose, isOwner, ownAccounts } from "../../chain/accounts";
import { ledger, ledgerProgress } from "../../chain/activity";
import { batch, transfer } from "../../chain/calls";
import { useOutlook } from "../../chain/outlook";
import { useQuery } from "../../chain/query";
import { session } from "../../chain/session";
import { useStanding, type Position } from "../../chain/standing";
import { formatAmount, formatHealth, formatPercent, formatUsd } from "../../lib/format";
import { MAX_UINT, WAD } from "../../lib/units";
import type { Plan } from "../../wallet/transact";
import { Action, usePreview } from "../../ui/action";
import { Button } from "../../ui/button";
import { Badge, Card } from "../../ui/card";
import { Dialog } from "../../ui/dialog";
import { AmountField, checkAmount, Select } from "../../ui/field";
import { accountTitle, OutlookRows, toneOfHealth } from "../../ui/standing";
import { Empty, Note } from "../../ui/state";
import { Table } from "../../ui/table";

interface Line {
    id: Hex;
    equityWad: bigint;
    healthWad: bigint;
}

function useLines(accounts: readonly Hex[]) {
    const key = accounts.length > 0 ? `accounts ${accounts.join(" ")}` : null;
    return useQuery(key, async ({ client, domain }, blockNumber): Promise<Line[]> => {
        const lens = { address: domain.lens, abi: lensAbi, blockNumber } as const;
        const overviews = await Promise.all(
            accounts.map((id) => client.readContract({ ...lens, functionName: "overview", args: [id] })),
        );
        return overviews.map(({ maintenance, healthWad, assets, instruments }, place) => {
            const owes = instruments.length > 0 || assets.some(({ amount }) => amount < 0n);
            return {
                id: accounts[place]!,
                equityWad: maintenance.equity,
                healthWad: owes ? healthWad : MAX_UINT,
            };
        });
    });
}

export function SubAccountsCard() {
    const accounts = ownAccounts.value;
    const lines = useLines(accounts);
    const [moving, setMoving] = useState(false);
    const rows = lines.data ?? accounts.map((id) => ({ id, equityWad: 0n, healthWad: MAX_UINT }));
    const others = accounts.filter((id) => id !== account.value);
    return (
        <Card
            class="card-flush"
            title="Your accounts"
            aside={
                <Button
                    kind="quiet"
                    size="small"
                    disabled={others.length === 0 || !isOwner.value}
                    onClick={() => setMoving(true)}
                    testid="transfer"
                >
                    Transfer
                </Button>
            }
            testid="accounts"
        >
            {ledger.value === null && (
                <p class="card-note muted">
                    Looking for accounts:{" "}
                    {formatPercent(BigInt(Math.round(ledgerProgress.value * 100)) * (WAD / 100n), 0)} of the
                    blocks read.
                </p>
            )}
            <Table
                caption="Your accounts"
                rows={rows}
                rowKey={({ id }) => id}
                columns={[
                    {
                        title: "Account",
                        head: true,
                        cell: ({ id }) => (
                            <span class="asset">
                                <span class="index" aria-hidden="true">
                                    {BigInt(`0x${id.slice(42)}`).toString()}
                                </span>
                                <span>{accountTitle(id)}</span>
                            </span>
                        ),
                    },
                    { title: "Equity", number: true, cell: ({ equityWad }) => formatUsd(equityWad) },
                    {
                        title: "Health",
                        number: true,
                        cell: ({ equityWad, healthWad }) => (
                            <span class={`tone-${toneOfHealth(healthWad)}`}>
                                {equityWad === 0n && healthWad > 1_000n * WAD ? "–" : formatHealth(healthWad)}
                            </span>
                        ),
                    },
                    {
                        title: "In front",
                        number: true,
                        cell: ({ id }) =>
                            id === account.value ? (
                                <Badge tone="accent">In front</Badge>
                            ) : (
                                <button
                                    class="link"
                                    type="button"
                                    onClick={() => choose(id)}
                                    aria-label={`Switch to ${accountTitle(id)}`}
                                >
                                    Switch
                                </button>
                            ),
                    },
                ]}
            />
            <Dialog title="Transfer between accounts" open={moving} onClose={() => setMoving(false)}>
                <TransferForm others={others} onDone={() => setMoving(false)} />
            </Dialog>
        </Card>
    );
}

function TransferForm({ others, onDone }: { others: readonly Hex[]; onDone: () => void }) {
    const from = account.value!;
    const standing = useStanding(from).data;
    const [chosen, setChosen] = useState(others[0] ?? from);
    const [symbol, setSymbol] = useState("");
    const [text, setText] = useState("");
    const held = standing?.positions.filter(({ amount }) => amount > 0n) ?? [];
    const position = held.find(({ asset }) => asset.symbol === symbol) ?? held[0];
    const free = useFree(from, position);
    const receiving = useStanding(chosen).data;
    const amount = checkAmount(text, position?.asset.decimals ?? 18, free, tooMuchOf(position, free));
    const plan = position && amount.ok ? planOf(from, chosen, position, amount.value) : null;
    const preview = usePreview(plan);
    const change =
        plan && position && amount.ok ? { token: position.asset.token, amount: amount.value } : null;
    const after = useOutlook(plan, from, change ? [{ ...change, amount: -change.amount }] : []);
    const there = useOutlook(plan, chosen, change ? [change] : []);
    if (standing && !position) {
        return (
            <Empty title="Nothing to transfer">
                {accountTitle(from)} holds no asset. Debt stays with the account that owes it.
            </Empty>
        );
    }
    return (
        <div class="form">
            <p class="muted">From {accountTitle(from).toLowerCase()}, the one in front.</p>
            <Select
                label="To"
                value={chosen}
                options={others.map((id) => [id, accountTitle(id)] as const)}
                onChange={setChosen}
                testid="transfer-to"
            />
            {position && (
                <>
                    <Select
                        label="Asset"
                        value={position.asset.symbol}
                        options={held.map(({ asset }) => [asset.symbol, asset.symbol] as const)}
                        onChange={setSymbol}
                        testid="transfer-asset"
                    />
                    <AmountField
                        label="Amount"
                        symbol={position.asset.symbol}
                        decimals={position.asset.decimals}
                        value={text}
                        onInput={setText}
                        most={free}
                        mostLabel="Free"
                        tooMuch={tooMuchOf(position, free)}
                        testid="transfer-amount"
                    />
                </>
            )}
            <Action plan={plan} preview={preview} label="Transfer" onDone={onDone} testid="act-transfer">
                <OutlookRows before={standing} after={after} />
            </Action>
            {there && receiving && (
                <Note>
                    {accountTitle(chosen)} then has {formatUsd(there.equityWad)} of equity.
                </Note>
            )}
        </div>
    );
}

function useFree(from: Hex, position: Position | undefined): bigint | undefined {
    const key = position ? `free ${from} ${position.asset.id}` : null;
    return useQuery(key, ({ client, domain }, blockNumber) =>
        client.readContract({
            address: domain.lens,
            abi: lensAbi,
            functionName: "maxWithdrawable",
            args: [from, position!.asset.token],
            blockNumber,
        }),
    ).data;
}

function tooMuchOf(position: Position | undefined, free: bigint | undefined): string | undefined {
    if (!position || free === undefined) return undefined;
    const { asset, amount } = position;
    const shown = formatAmount(free, asset.decimals, asset.symbol);
    return free < amount
        ? `${shown} can leave: the rest backs the account's debt`
        : `The account holds ${shown}`;
}

function planOf(from: Hex, to: Hex, { asset }: Position, amount: bigint): Plan {
    const { domain } = session.value!;
    const title = `Transfer ${formatAmount(amount, asset.decimals, asset.symbol)}`;
    const call = batch(domain, [transfer(from, to, asset, amount)]);
    return {
        key: `transfer ${from} ${to} ${asset.id} ${amount}`,
        title,
        steps: [{ title, call }],
        amounts: asset,
    };
}
