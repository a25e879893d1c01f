/** Deposit into a pool and withdraw from it. */

import { poolAbi } from "@generated/abi";
import { useState } from "preact/hooks";
import { decodeFunctionResult, encodeFunctionData, type Address } from "viem";
import type { Asset } from "../../chain/domain";
import { marketOf, markets, usd, type PoolState } from "../../chain/markets";
import type { Query } from "../../chain/query";
import { formatAmount, formatFixed, formatPercent, formatUsd } from "../../lib/format";
import { min, worthOf } from "../../lib/units";
import { approval } from "../../wallet/approve";
import type { Plan, Step } from "../../wallet/transact";
import { wallet } from "../../wallet/wallet";
import { Action, usePreview, type Preview } from "../../ui/action";
import { Card, Row, Rows } from "../../ui/card";
import { AmountField, checkAmount, Tabs } from "../../ui/field";
import { AssetMark } from "../../ui/icon";
import { Note } from "../../ui/state";
import type { PoolStake, Stakes } from "./stakes";

type Side = "deposit" | "withdraw";

const SIDES: readonly (readonly [Side, string])[] = [
    ["deposit", "Deposit"],
    ["withdraw", "Withdraw"],
];

export function PoolPanel({ asset, stakes }: { asset: Asset; stakes: Query<Stakes> }) {
    const [side, setSide] = useState<Side>("deposit");
    const pool = marketOf(markets.value, asset)?.pool;
    const stake = stakes.data?.pools.get(asset.id);
    const Form = side === "deposit" ? DepositForm : WithdrawForm;
    return (
        <Card
            title={
                <span class="asset">
                    <AssetMark symbol={asset.symbol} size={26} /> Lend {asset.symbol}
                </span>
            }
            aside={pool && `${formatPercent(pool.supplyApyWad)} APY`}
            testid="pool-panel"
        >
            <div class="form">
                <Tabs label="Deposit or withdraw" value={side} options={SIDES} onChange={setSide} />
                <Form
                    key={side}
                    asset={asset}
                    pool={pool ?? undefined}
                    stake={stake}
                    onDone={stakes.refresh}
                />
                {pool && (
                    <Rows>
                        <Row label="One share is worth" testid="share-price">
                            {formatFixed(pool.sharePrice, asset.decimals, 8, asset.symbol)}
                        </Row>
                        <Row label="Not lent out, can leave now">
                            {formatAmount(pool.cash, asset.decimals, asset.symbol)}
                        </Row>
                    </Rows>
                )}
            </div>
        </Card>
    );
}

interface FormProps {
    asset: Asset;
    pool: PoolState | undefined;
    stake: PoolStake | undefined;
    onDone: () => void;
}

function DepositForm({ asset, pool, stake, onDone }: FormProps) {
    const [text, setText] = useState("");
    const market = marketOf(markets.value, asset);
    const amount = checkAmount(text, asset.decimals, stake?.balance);
    const owner = wallet.value?.address;
    const plan = amount.ok && stake && owner ? depositPlan(asset, stake, owner, amount.value) : null;
    const preview = usePreview(plan);
    const shares = resultOf(preview, "deposit");
    return (
        <>
            <AmountField
                label="You deposit"
                symbol={asset.symbol}
                decimals={asset.decimals}
                value={text}
                onInput={setText}
                most={stake?.balance}
                mostLabel="Wallet"
                tooMuch={`The wallet holds ${formatAmount(stake?.balance ?? 0n, asset.decimals, asset.symbol)}`}
                hint={amount.ok ? formatUsd(usd(market, amount.value)) : undefined}
                testid="amount"
            />
            <Action
                plan={plan}
                preview={preview}
                label={plan && plan.steps.length > 1 ? "Approve and deposit" : "Deposit"}
                onDone={() => {
                    setText("");
                    onDone();
                }}
            >
                {shares !== undefined && stake && pool && (
                    <>
                        <Row
                            label="You lend"
                            after={formatAmount(
                                worthOf(stake.shares + shares, asset.poolDecimals, pool.sharePrice),
                                asset.decimals,
                                asset.symbol,
                            )}
                        >
                            {formatAmount(stake.assets, asset.decimals)}
                        </Row>
                        <Row label="Shares you get" testid="shares">
                            {formatAmount(shares, asset.poolDecimals)}
                        </Row>
                    </>
                )}
            </Action>
            {plan && plan.steps.length > 1 && (
                <Note>Two transactions: an approval of exactly this amount, then the deposit.</Note>
            )}
        </>
    );
}

function WithdrawForm({ asset, pool, stake, onDone }: FormProps) {
    const [text, setText] = useState("");
    const market = marketOf(markets.value, asset);
    const most = stake && min(stake.assets, stake.withdrawable);
    const isShort = stake !== undefined && stake.withdrawable < stake.assets;
    const amount = checkAmount(text, asset.decimals, most, tooMuchOf(asset, stake));
    const owner = wallet.value?.address;
    const plan = amount.ok && stake && owner ? withdrawPlan(asset, stake, owner, amount.value) : null;
    const preview = usePreview(plan);
    const burnt = plan?.title === "Withdraw all" ? stake?.shares : resultOf(preview, "withdraw");
    return (
        <>
            <AmountField
                label="You withdraw"
                symbol={asset.symbol}
                decimals={asset.decimals}
                value={text}
                onInput={setText}
                most={most}
                mostLabel="All"
                tooMuch={tooMuchOf(asset, stake)}
                hint={amount.ok ? formatUsd(usd(market, amount.value)) : undefined}
                testid="amount"
            />
            {isShort && pool && (
                <Note tone="warning">
                    The rest of your deposit is lent out now. It can leave when debts are repaid; the rate
                    rises until they are.
                </Note>
            )}
            <Action
                plan={plan}
                preview={preview}
                label="Withdraw"
                onDone={() => {
                    setText("");
                    onDone();
                }}
            >
                {amount.ok && stake && (
                    <Row
                        label="You lend"
                        after={formatAmount(stake.assets - amount.value, asset.decimals, asset.symbol)}
                    >
                        {formatAmount(stake.assets, asset.decimals)}
                    </Row>
                )}
                {burnt !== undefined && (
                    <Row label="Shares you give up" testid="shares">
                        {formatAmount(burnt, asset.poolDecimals)}
                    </Row>
                )}
            </Action>
        </>
    );
}

function tooMuchOf(asset: Asset, stake: PoolStake | undefined): string | undefined {
    if (!stake) return undefined;
    const shown = (value: bigint) => formatAmount(value, asset.decimals, asset.symbol);
    return stake.withdrawable < stake.assets
        ? `Only ${shown(stake.withdrawable)} can leave now: the rest is lent out`
        : `You lend ${shown(stake.assets)}`;
}

function depositPlan(asset: Asset, stake: PoolStake, owner: Address, amount: bigint): Plan {
    const pool = asset.pool!;
    const deposit: Step = {
        title: `Deposit ${formatAmount(amount, asset.decimals, asset.symbol)}`,
        call: {
            to: pool,
            data: encodeFunctionData({ abi: poolAbi, functionName: "deposit", args: [amount, owner] }),
        },
    };
    const approve = stake.allowance < amount ? [approval(asset, pool, amount)] : [];
    return {
        key: `deposit ${asset.symbol} ${amount} ${approve.length}`,
        title: "Deposit",
        steps: [...approve, deposit],
        amounts: asset,
    };
}

/** All of it goes by shares, so that no dust of interest stays. */
function withdrawPlan(asset: Asset, stake: PoolStake, owner: Address, amount: bigint): Plan {
    const isAll = amount === stake.assets && stake.withdrawable >= stake.assets;
    const data = isAll
        ? encodeFunctionData({ abi: poolAbi, functionName: "redeem", args: [stake.shares, owner, owner] })
        : encodeFunctionData({ abi: poolAbi, functionName: "withdraw", args: [amount, owner, owner] });
    const title = `Withdraw ${formatAmount(amount, asset.decimals, asset.symbol)}`;
    return {
        key: `withdraw ${asset.symbol} ${amount} ${isAll ? stake.shares : ""}`,
        title: isAll ? "Withdraw all" : "Withdraw",
        steps: [{ title, call: { to: asset.pool!, data } }],
        amounts: asset,
    };
}

function resultOf(preview: Preview, functionName: "deposit" | "withdraw"): bigint | undefined {
    if (preview.state !== "known" || !preview.result.ok || !preview.result.complete) return undefined;
    const data = preview.result.results.at(-1);
    return data && data !== "0x" ? decodeFunctionResult({ abi: poolAbi, functionName, data }) : undefined;
}
