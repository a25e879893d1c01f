/** What every form ends with: what the plan would do, by simulation, and the button that puts it to the wallet. */

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { TransactionReceipt } from "viem";
import { explain } from "../chain/errors";
import { head } from "../chain/head";
import { session } from "../chain/session";
import { formatAmount, formatInteger } from "../lib/format";
import { simulate, type Simulation } from "../wallet/simulate";
import { execute, sending, type Plan } from "../wallet/transact";
import { choosing, obstacle, onWrongNetwork, switchNetwork, wallet } from "../wallet/wallet";
import { Button, type ButtonProps } from "./button";
import { Row, Rows } from "./card";
import { Note, Skeleton } from "./state";

export type Preview =
    | { state: "none" }
    | { state: "busy" }
    | { state: "silent"; reason: string }
    | { state: "known"; result: Simulation };

const PAUSE_MS = 200;

/** Simulates a plan whenever it or the chain changes. */
export function usePreview(plan: Plan | null): Preview {
    const [preview, setPreview] = useState<Preview & { key?: string }>({ state: "none" });
    const from = wallet.value?.address;
    const block = head.value?.hash;
    const open = session.value;
    const key = plan && from ? `${from} ${plan.key}` : undefined;

    useEffect(() => {
        if (!plan || !from || !open) return setPreview({ state: "none" });
        let left = false;
        setPreview((old) => (old.key === key ? old : { state: "busy", key }));
        const timer = window.setTimeout(() => {
            const calls = plan.simulated ?? plan.steps.map((step) => step.call);
            simulate(open.client, from, calls, plan.amounts).then(
                (result) => left || setPreview({ state: "known", result, key }),
                (error: unknown) => left || setPreview({ state: "silent", reason: explain(error), key }),
            );
        }, PAUSE_MS);
        return () => {
            left = true;
            window.clearTimeout(timer);
        };
    }, [key, block, open]);

    return preview.key === key ? preview : { state: plan && from ? "busy" : "none" };
}

interface ActionProps {
    /** Null while the form is not filled in. */
    plan: Plan | null;
    preview: Preview;
    /** The button's text. */
    label: string;
    /** What the plan changes; shown above the gas. */
    children?: ComponentChildren;
    /** Why the user should not do this, although it would go through. */
    warning?: string;
    onDone?: (receipt: TransactionReceipt) => void;
    /** How the button looks; "quiet" for what undoes. */
    kind?: ButtonProps["kind"];
    testid?: string;
}

export function Action({
    plan,
    preview,
    label,
    children,
    warning,
    onDone,
    kind,
    testid = "act",
}: ActionProps) {
    const busy = sending.value !== null;
    const failed = preview.state === "known" && !preview.result.ok ? preview.result.reason : undefined;
    const silent = preview.state === "silent" ? preview.reason : undefined;
    const ready = preview.state === "known" && preview.result.ok;
    return (
        <div class="form">
            {plan && (
                <Rows>
                    {children}
                    <GasRow preview={preview} />
                </Rows>
            )}
            {plan && failed && <Note tone="danger">{failed}</Note>}
            {plan && silent && <Note tone="warning">{silent}</Note>}
            {plan && warning && !failed && <Note tone="warning">{warning}</Note>}
            <MainButton
                label={busy ? (sending.value ?? label) : label}
                busy={busy}
                disabled={!plan || !ready || busy}
                testid={testid}
                kind={kind}
                onClick={() => {
                    if (plan) void execute(plan).then((receipt) => receipt && onDone?.(receipt));
                }}
            />
        </div>
    );
}

interface MainButtonProps {
    label: string;
    busy: boolean;
    disabled: boolean;
    testid: string;
    kind?: ButtonProps["kind"];
    onClick: () => void;
}

/** The button of a form, or what has to be done before: connect a wallet, switch its network. */
export function MainButton({ label, busy, disabled, testid, kind, onClick }: MainButtonProps) {
    if (!wallet.value) {
        return (
            <Button size="wide" onClick={() => (choosing.value = true)}>
                Connect a wallet
            </Button>
        );
    }
    if (onWrongNetwork.value) {
        return (
            <Button size="wide" onClick={() => void switchNetwork()}>
                Switch the wallet's network
            </Button>
        );
    }
    const hindrance = obstacle.value;
    return (
        <Button
            size="wide"
            busy={busy}
            disabled={disabled || hindrance !== null}
            onClick={onClick}
            testid={testid}
            kind={kind}
        >
            {hindrance ?? label}
        </Button>
    );
}

function GasRow({ preview }: { preview: Preview }) {
    if (preview.state === "busy") {
        return (
            <Row label="Gas">
                <Skeleton width="6rem" />
            </Row>
        );
    }
    if (preview.state !== "known" || !preview.result.ok) return null;
    const { gas, feeWei, complete } = preview.result;
    return (
        <Row label={complete ? "Gas" : "Gas, first transaction"} testid="gas">
            {formatInteger(gas)} · {formatAmount(feeWei, 18, "ETH")}
        </Row>
    );
}
