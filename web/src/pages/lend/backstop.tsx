/** The backstop: stake, ask to leave, wait, leave within the window. */

import { backstopAbi } from "@generated/abi";
import { useState } from "preact/hooks";
import { decodeFunctionResult, encodeFunctionData, type Address } from "viem";
import type { Asset } from "../../chain/domain";
import { clock } from "../../chain/head";
import { markets, usd } from "../../chain/markets";
import type { Query } from "../../chain/query";
import { session } from "../../chain/session";
import { formatAmount, formatDuration, formatFixed, formatTime, formatUsd } from "../../lib/format";
import { mulDiv, worthOf } from "../../lib/units";
import { approval } from "../../wallet/approve";
import type { Plan } from "../../wallet/transact";
import { wallet } from "../../wallet/wallet";
import { Action, usePreview, type Preview } from "../../ui/action";
import { Badge, Card, Row, Rows } from "../../ui/card";
import { AmountField, checkAmount, Tabs } from "../../ui/field";
import { Icon } from "../../ui/icon";
import { Note } from "../../ui/state";
import { phaseOf, type Phase } from "./exit";
import type { BackstopStake, Stakes } from "./stakes";

type Side = "stake" | "leave";

const SIDES: readonly (readonly [Side, string])[] = [
    ["stake", "Stake"],
    ["leave", "Leave"],
];
const SHARE_DECIMALS = 6;

export function BackstopPanel({ stakes }: { stakes: Query<Stakes> }) {
    const [side, setSide] = useState<Side>("stake");
    const { settlement } = session.value!.domain;
    const state = markets.value?.backstop;
    const stake = stakes.data?.backstop;
    return (
        <Card
            title={
                <span class="asset">
                    <Icon name="shield" size={22} /> Backstop
                </span>
            }
            testid="backstop-panel"
        >
            <div class="form">
                <Tabs label="Stake or leave" value={side} options={SIDES} onChange={setSide} />
                {side === "stake" ? (
                    <StakeForm stake={stake} onDone={stakes.refresh} />
                ) : (
                    <LeaveForm stake={stake} onDone={stakes.refresh} />
                )}
                {state && (
                    <Rows>
                        <Row label="One share is worth">
                            {formatFixed(state.sharePrice, settlement.decimals, 8, settlement.symbol)}
                        </Row>
                        <Row label="Cooldown before leaving">{formatDuration(state.cooldown)}</Row>
                        <Row label="Window to leave in">{formatDuration(state.window)}</Row>
                    </Rows>
                )}
            </div>
        </Card>
    );
}

interface FormProps {
    stake: BackstopStake | undefined;
    onDone: () => void;
}

function StakeForm({ stake, onDone }: FormProps) {
    const { settlement, backstop } = session.value!.domain;
    const [text, setText] = useState("");
    const amount = checkAmount(text, settlement.decimals, stake?.balance);
    const owner = wallet.value?.address;
    const plan =
        amount.ok && stake && owner ? stakePlan(settlement, backstop, stake, owner, amount.value) : null;
    const preview = usePreview(plan);
    const shares = resultOf(preview, "deposit");
    const state = markets.value?.backstop;
    const after =
        shares !== undefined && stake && state
            ? worthOf(stake.shares + shares, settlement.decimals + SHARE_DECIMALS, state.sharePrice)
            : undefined;
    const share = amount.ok && after !== undefined && stake ? stake.assets + amount.value - after : 0n;
    return (
        <>
            <AmountField
                label="You stake"
                symbol={settlement.symbol}
                decimals={settlement.decimals}
                value={text}
                onInput={setText}
                most={stake?.balance}
                mostLabel="Wallet"
                tooMuch={`The wallet holds ${formatAmount(stake?.balance ?? 0n, settlement.decimals, settlement.symbol)}`}
                hint={amount.ok ? formatUsd(usd(markets.value?.list[0], amount.value)) : undefined}
                testid="amount"
            />
            <Action
                plan={plan}
                preview={preview}
                label={plan && plan.steps.length > 1 ? "Approve and stake" : "Stake"}
                warning="A stake pays for shortfalls first, and stays at risk during the cooldown."
                onDone={() => {
                    setText("");
                    onDone();
                }}
            >
                {after !== undefined && stake && (
                    <Row
                        label="Your stake"
                        after={formatAmount(after, settlement.decimals, settlement.symbol)}
                        testid="stake-after"
                    >
                        {formatAmount(stake.assets, settlement.decimals)}
                    </Row>
                )}
                {share > 1n && (
                    <Row label="For reserves not sold yet">
                        {formatAmount(share, settlement.decimals, settlement.symbol)}
                    </Row>
                )}
            </Action>
        </>
    );
}

function LeaveForm({ stake, onDone }: FormProps) {
    if (!wallet.value) return <Note>Connect a wallet to see its stake.</Note>;
    if (!stake) return null;
    if (stake.shares === 0n) return <Note>This wallet has no stake in the backstop.</Note>;
    const phase = phaseOf(stake.exit, clock.value);
    return (
        <>
            <Timeline phase={phase} stake={stake} />
            {phase.kind === "open" ? (
                <RedeemForm stake={stake} onDone={onDone} />
            ) : phase.kind === "cooling" ? (
                <CancelForm onDone={onDone} />
            ) : (
                <RequestForm stake={stake} onDone={onDone} />
            )}
        </>
    );
}

function Timeline({ phase, stake }: { phase: Phase; stake: BackstopStake }) {
    const { settlement } = session.value!.domain;
    const worth = stake.shares === 0n ? 0n : mulDiv(stake.assets, stake.exit.shares, stake.shares);
    const steps = [
        ["requested", "Asked"],
        ["cooling", "Cooldown"],
        ["open", "Window"],
    ] as const;
    const place = phase.kind === "none" || phase.kind === "expired" ? -1 : phase.kind === "cooling" ? 1 : 2;
    return (
        <div class="exit" data-testid={`exit-${phase.kind}`}>
            <ol class="exit-steps" aria-label="Leaving the backstop">
                {steps.map(([key, text], number) => (
                    <li
                        key={key}
                        class={number < place ? "done" : number === place ? "now" : ""}
                        aria-current={number === place ? "step" : undefined}
                    >
                        {text}
                    </li>
                ))}
            </ol>
            {phase.kind === "none" && (
                <p class="muted">Ask to leave first. After the cooldown a window opens in which you can.</p>
            )}
            {phase.kind === "expired" && (
                <p>
                    <Badge tone="warning">Window missed</Badge> It closed at {formatTime(stake.exit.closesAt)}
                    . Ask again to leave.
                </p>
            )}
            {phase.kind === "cooling" && (
                <p>
                    <b class="countdown">{formatDuration(phase.seconds)}</b> until{" "}
                    {formatAmount(worth, settlement.decimals, settlement.symbol)} can leave, at{" "}
                    {formatTime(stake.exit.opensAt)}.
                </p>
            )}
            {phase.kind === "open" && (
                <p>
                    <b class="countdown tone-good">{formatDuration(phase.seconds)}</b> left to take out{" "}
                    {formatAmount(worth, settlement.decimals, settlement.symbol)}.
                </p>
            )}
        </div>
    );
}

function RequestForm({ stake, onDone }: { stake: BackstopStake; onDone: () => void }) {
    const { settlement, backstop } = session.value!.domain;
    const [text, setText] = useState("");
    const amount = checkAmount(text, settlement.decimals, stake.assets);
    const shares = amount.ok ? sharesOf(stake, amount.value) : 0n;
    const plan: Plan | null = amount.ok
        ? {
              key: `request ${shares}`,
              title: "Ask to leave",
              amounts: settlement,
              steps: [
                  {
                      title: `Ask to take out ${formatAmount(amount.value, settlement.decimals, settlement.symbol)}`,
                      call: {
                          to: backstop,
                          data: encodeFunctionData({
                              abi: backstopAbi,
                              functionName: "requestExit",
                              args: [shares],
                          }),
                      },
                  },
              ],
          }
        : null;
    const preview = usePreview(plan);
    const state = markets.value?.backstop;
    return (
        <>
            <AmountField
                label="To take out"
                symbol={settlement.symbol}
                decimals={settlement.decimals}
                value={text}
                onInput={setText}
                most={stake.assets}
                mostLabel="Stake"
                tooMuch={`Your stake is ${formatAmount(stake.assets, settlement.decimals, settlement.symbol)}`}
                testid="amount"
            />
            <Action plan={plan} preview={preview} label="Ask to leave" onDone={onDone}>
                {state && <Row label="Window opens">{formatTime(clock.value + state.cooldown)}</Row>}
            </Action>
        </>
    );
}

function CancelForm({ onDone }: { onDone: () => void }) {
    const { backstop } = session.value!.domain;
    const data = encodeFunctionData({ abi: backstopAbi, functionName: "cancelExit" });
    const title = "Stay after all";
    const plan: Plan = { key: "cancel", title, steps: [{ title, call: { to: backstop, data } }] };
    const preview = usePreview(plan);
    return <Action plan={plan} preview={preview} label={title} kind="quiet" onDone={onDone} />;
}

function RedeemForm({ stake, onDone }: { stake: BackstopStake; onDone: () => void }) {
    const { settlement, backstop } = session.value!.domain;
    const owner = wallet.value!.address;
    const { shares } = stake.exit;
    const data = encodeFunctionData({
        abi: backstopAbi,
        functionName: "redeem",
        args: [shares, owner, owner],
    });
    const title = "Take out";
    const plan: Plan = {
        key: `redeem ${shares}`,
        title,
        amounts: settlement,
        steps: [{ title, call: { to: backstop, data } }],
    };
    const preview = usePreview(plan);
    const paid = resultOf(preview, "redeem");
    return (
        <Action plan={plan} preview={preview} label={title} onDone={onDone}>
            <Row label="Shares you give up">{formatAmount(shares, settlement.decimals + SHARE_DECIMALS)}</Row>
            {paid !== undefined && (
                <Row label="You receive" testid="received">
                    {formatAmount(paid, settlement.decimals, settlement.symbol)}
                </Row>
            )}
        </Action>
    );
}

function stakePlan(
    asset: Asset,
    backstop: Address,
    stake: BackstopStake,
    owner: Address,
    amount: bigint,
): Plan {
    const data = encodeFunctionData({ abi: backstopAbi, functionName: "deposit", args: [amount, owner] });
    const approve = stake.allowance < amount ? [approval(asset, backstop, amount)] : [];
    const title = `Stake ${formatAmount(amount, asset.decimals, asset.symbol)}`;
    return {
        key: `stake ${amount} ${approve.length}`,
        title: "Stake",
        steps: [...approve, { title, call: { to: backstop, data } }],
        amounts: asset,
    };
}

/** What the last simulated call returns. */
function resultOf(preview: Preview, functionName: "deposit" | "redeem"): bigint | undefined {
    if (preview.state !== "known" || !preview.result.ok || !preview.result.complete) return undefined;
    const data = preview.result.results.at(-1);
    return data && data !== "0x" ? decodeFunctionResult({ abi: backstopAbi, functionName, data }) : undefined;
}

/** Shares for an amount of the stake; all of them for all of it. */
function sharesOf(stake: BackstopStake, amount: bigint): bigint {
    return amount === stake.assets ? stake.shares : mulDiv(stake.shares, amount, stake.assets);
}
