/** Shares that are left by request, cooldown and window (IExitShares): forms to enter and to leave. */

import { sharesAbi } from "@generated/abi";
import { useState } from "preact/hooks";
import { decodeFunctionResult, encodeFunctionData, type Address } from "viem";
import { clock } from "../chain/head";
import { markets, usd } from "../chain/markets";
import { session } from "../chain/session";
import { phaseOf, type Exit, type Phase } from "../lib/exit";
import { formatAmount, formatDuration, formatTime, formatUsd } from "../lib/format";
import { mulDiv, worthOf } from "../lib/units";
import { approval } from "../wallet/approve";
import type { Plan } from "../wallet/transact";
import { wallet } from "../wallet/wallet";
import { Action, usePreview, type Preview } from "./action";
import { Badge, Row } from "./card";
import { AmountField, checkAmount } from "./field";
import { Note } from "./state";

/** The shares of one contract, in the settlement asset. */
export interface ExitShares {
    contract: Address;
    /** Assets for one whole share, to who leaves {tok}. */
    sharePrice: bigint;
    cooldown: number;
    window: number;
}

/** What a wallet has of them. */
export interface ShareStake {
    /** In the wallet {tok}. */
    balance: bigint;
    /** What the contract may take from the wallet {tok}. */
    allowance: bigint;
    shares: bigint;
    /** What the shares are worth now {tok}. */
    assets: bigint;
    exit: Exit;
}

/** What these shares are called. */
export interface ShareWords {
    /** "the backstop". */
    place: string;
    /** "Stake", as a button. */
    enter: string;
    /** "You stake", before an amount. */
    field: string;
    /** "Your stake". */
    own: string;
    /** What who enters should know. */
    warning: string;
    /** Why the shares are worth less than what is paid in. */
    difference: string;
}

/** More decimals than the asset has. */
export const SHARE_DECIMALS = 6;

interface FormProps {
    of: ExitShares | undefined;
    words: ShareWords;
    stake: ShareStake | undefined;
    onDone: () => void;
}

export function EnterForm({ of, words, stake, onDone }: FormProps) {
    const { settlement } = session.value!.domain;
    const [text, setText] = useState("");
    const amount = checkAmount(text, settlement.decimals, stake?.balance);
    const owner = wallet.value?.address;
    const plan = amount.ok && of && stake && owner ? enterPlan(of, words, stake, owner, amount.value) : null;
    const preview = usePreview(plan);
    const shares = resultOf(preview, "deposit");
    const after =
        shares !== undefined && stake && of
            ? worthOf(stake.shares + shares, settlement.decimals + SHARE_DECIMALS, of.sharePrice)
            : undefined;
    const share = amount.ok && after !== undefined && stake ? stake.assets + amount.value - after : 0n;
    return (
        <>
            <AmountField
                label={words.field}
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
                label={
                    plan && plan.steps.length > 1 ? `Approve and ${words.enter.toLowerCase()}` : words.enter
                }
                warning={words.warning}
                onDone={() => {
                    setText("");
                    onDone();
                }}
            >
                {after !== undefined && stake && (
                    <Row
                        label={words.own}
                        after={formatAmount(after, settlement.decimals, settlement.symbol)}
                        testid="stake-after"
                    >
                        {formatAmount(stake.assets, settlement.decimals)}
                    </Row>
                )}
                {share > 1n && (
                    <Row label={words.difference}>
                        {formatAmount(share, settlement.decimals, settlement.symbol)}
                    </Row>
                )}
            </Action>
        </>
    );
}

export function LeaveForm({ of, words, stake, onDone }: FormProps) {
    if (!wallet.value) return <Note>Connect a wallet to see its share.</Note>;
    if (!stake || !of) return null;
    if (stake.shares === 0n) return <Note>This wallet has no share in {words.place}.</Note>;
    const phase = phaseOf(stake.exit, clock.value);
    return (
        <>
            <Timeline phase={phase} stake={stake} place={words.place} />
            {phase.kind === "open" ? (
                <RedeemForm of={of} stake={stake} onDone={onDone} />
            ) : phase.kind === "cooling" ? (
                <CancelForm of={of} onDone={onDone} />
            ) : (
                <RequestForm of={of} words={words} stake={stake} onDone={onDone} />
            )}
        </>
    );
}

function Timeline({ phase, stake, place: name }: { phase: Phase; stake: ShareStake; place: string }) {
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
            <ol class="exit-steps" aria-label={`Leaving ${name}`}>
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

interface HolderProps {
    of: ExitShares;
    stake: ShareStake;
    onDone: () => void;
}

function RequestForm({ of, words, stake, onDone }: HolderProps & { words: ShareWords }) {
    const { settlement } = session.value!.domain;
    const [text, setText] = useState("");
    const amount = checkAmount(text, settlement.decimals, stake.assets);
    const shares = amount.ok ? sharesOf(stake, amount.value) : 0n;
    const plan: Plan | null = amount.ok
        ? {
              key: `request ${of.contract} ${shares}`,
              title: "Ask to leave",
              amounts: settlement,
              steps: [
                  {
                      title: `Ask to take out ${formatAmount(amount.value, settlement.decimals, settlement.symbol)}`,
                      call: {
                          to: of.contract,
                          data: encodeFunctionData({
                              abi: sharesAbi,
                              functionName: "requestExit",
                              args: [shares],
                          }),
                      },
                  },
              ],
          }
        : null;
    const preview = usePreview(plan);
    return (
        <>
            <AmountField
                label="To take out"
                symbol={settlement.symbol}
                decimals={settlement.decimals}
                value={text}
                onInput={setText}
                most={stake.assets}
                mostLabel="All"
                tooMuch={`${words.own} is ${formatAmount(stake.assets, settlement.decimals, settlement.symbol)}`}
                testid="amount"
            />
            <Action plan={plan} preview={preview} label="Ask to leave" onDone={onDone}>
                <Row label="Window opens">{formatTime(clock.value + of.cooldown)}</Row>
            </Action>
        </>
    );
}

function CancelForm({ of, onDone }: Pick<HolderProps, "of" | "onDone">) {
    const data = encodeFunctionData({ abi: sharesAbi, functionName: "cancelExit" });
    const title = "Stay after all";
    const plan: Plan = {
        key: `cancel ${of.contract}`,
        title,
        steps: [{ title, call: { to: of.contract, data } }],
    };
    const preview = usePreview(plan);
    return <Action plan={plan} preview={preview} label={title} kind="quiet" onDone={onDone} />;
}

function RedeemForm({ of, stake, onDone }: HolderProps) {
    const { settlement } = session.value!.domain;
    const owner = wallet.value!.address;
    const { shares } = stake.exit;
    const data = encodeFunctionData({
        abi: sharesAbi,
        functionName: "redeem",
        args: [shares, owner, owner],
    });
    const title = "Take out";
    const plan: Plan = {
        key: `redeem ${of.contract} ${shares}`,
        title,
        amounts: settlement,
        steps: [{ title, call: { to: of.contract, data } }],
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

function enterPlan(
    of: ExitShares,
    words: ShareWords,
    stake: ShareStake,
    owner: Address,
    amount: bigint,
): Plan {
    const asset = session.value!.domain.settlement;
    const data = encodeFunctionData({ abi: sharesAbi, functionName: "deposit", args: [amount, owner] });
    const approve = stake.allowance < amount ? [approval(asset, of.contract, amount)] : [];
    const title = `${words.enter} ${formatAmount(amount, asset.decimals, asset.symbol)}`;
    return {
        key: `enter ${of.contract} ${amount} ${approve.length}`,
        title: words.enter,
        steps: [...approve, { title, call: { to: of.contract, data } }],
        amounts: asset,
    };
}

/** What the last simulated call returns. */
function resultOf(preview: Preview, functionName: "deposit" | "redeem"): bigint | undefined {
    if (preview.state !== "known" || !preview.result.ok || !preview.result.complete) return undefined;
    const data = preview.result.results.at(-1);
    return data && data !== "0x" ? decodeFunctionResult({ abi: sharesAbi, functionName, data }) : undefined;
}

/** Shares for an amount of the stake; all of them for all of it. */
function sharesOf(stake: ShareStake, amount: bigint): bigint {
    return amount === stake.assets ? stake.shares : mulDiv(stake.shares, amount, stake.assets);
}
