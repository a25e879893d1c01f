/** Who may act for an account, until when. */

import { useState } from "preact/hooks";
import { isAddress, isAddressEqual, type Address, type Hex } from "viem";
import { ledger } from "../../chain/activity";
import { batch, setOperator } from "../../chain/calls";
import { clock } from "../../chain/head";
import { session } from "../../chain/session";
import { ownerOf } from "../../lib/account";
import { formatDuration, formatTime, shortAddress } from "../../lib/format";
import { execute, sending, type Plan } from "../../wallet/transact";
import { address, obstacle } from "../../wallet/wallet";
import { Action, usePreview } from "../../ui/action";
import { Card, Row } from "../../ui/card";
import { Select } from "../../ui/field";
import { Note } from "../../ui/state";
import { Table } from "../../ui/table";
import { AddressField, checkAddress } from "../../ui/address-field";

const DAY = 86_400;
const TERMS = [
    ["1", "1 day"],
    ["7", "7 days"],
    ["30", "30 days"],
    ["365", "a year"],
] as const;
type Term = (typeof TERMS)[number][0];

interface Operator {
    operator: Address;
    expiry: bigint;
}

export function OperatorsCard({ id }: { id: Hex }) {
    const [isAdding, setAdding] = useState(false);
    const known = [...(ledger.value?.operators.get(id.toLowerCase() as Hex) ?? [])]
        .map(([operator, expiry]): Operator => ({ operator, expiry }))
        .sort((one, other) => (one.expiry < other.expiry ? 1 : -1));
    const isOwner = address.value !== null && isAddressEqual(ownerOf(id), address.value);
    return (
        <Card
            class="card-flush"
            title="Operators"
            aside={
                isOwner && (
                    <button
                        class="link"
                        type="button"
                        onClick={() => setAdding(!isAdding)}
                        data-testid="add-operator"
                    >
                        {isAdding ? "Cancel" : "Add an operator"}
                    </button>
                )
            }
            testid="operators"
        >
            {known.length === 0 && !isAdding && (
                <p class="card-note muted">
                    Nobody but the owner acts for this account. An operator may trade, borrow and withdraw for
                    it until a date.
                </p>
            )}
            {known.length > 0 && (
                <Table
                    caption="Operators"
                    rows={known}
                    rowKey={({ operator }) => operator}
                    columns={[
                        {
                            title: "Operator",
                            head: true,
                            cell: ({ operator }) => (
                                <span title={operator}>
                                    <span class="mono">{shortAddress(operator)}</span> {nameOf(operator)}
                                </span>
                            ),
                        },
                        { title: "Until", number: true, cell: ({ expiry }) => <Until expiry={expiry} /> },
                        {
                            title: "End",
                            number: true,
                            cell: ({ operator }) => isOwner && <EndButton id={id} operator={operator} />,
                        },
                    ]}
                />
            )}
            {isAdding && isOwner && (
                <div class="card-note">
                    <OperatorForm id={id} onDone={() => setAdding(false)} />
                </div>
            )}
        </Card>
    );
}

function nameOf(operator: Address): string {
    return isAddressEqual(operator, session.value!.domain.helper) ? "margin helper" : "";
}

function Until({ expiry }: { expiry: bigint }) {
    const left = Number(expiry) - clock.value;
    if (left < 0) return <span class="muted">expired</span>;
    if (left > 100 * 365 * DAY) return <>no end</>;
    return (
        <>
            {formatTime(Number(expiry))}
            <small class="sub">{formatDuration(left)} left</small>
        </>
    );
}

function EndButton({ id, operator }: { id: Hex; operator: Address }) {
    return (
        <button
            class="link"
            type="button"
            disabled={obstacle.value !== null || sending.value !== null}
            onClick={() => void execute(planOf(id, operator, 0n))}
            aria-label={`End operator ${operator}`}
        >
            End
        </button>
    );
}

function OperatorForm({ id, onDone }: { id: Hex; onDone: () => void }) {
    const [text, setText] = useState("");
    const [term, setTerm] = useState<Term>("7");
    const checked = checkAddress(text);
    const isSelf = checked.ok && isAddressEqual(checked.value, ownerOf(id));
    // By the day, so that the plan stays the same while the clock goes on.
    const today = Math.ceil(clock.value / DAY) * DAY;
    const expiry = BigInt(today + Number(term) * DAY);
    const plan = checked.ok && !isSelf && isAddress(checked.value) ? planOf(id, checked.value, expiry) : null;
    const preview = usePreview(plan);
    return (
        <div class="form">
            <AddressField
                label="Address"
                value={text}
                onInput={setText}
                wrong={isSelf ? "The owner needs no leave to act" : undefined}
                testid="operator"
            />
            <Select label="For" value={term} options={TERMS} onChange={setTerm} testid="operator-term" />
            <Note tone="warning">
                An operator can do all that you can, withdrawing included. Name only whom you trust.
            </Note>
            <Action plan={plan} preview={preview} label="Set operator" onDone={onDone} testid="act-operator">
                <Row label="Until">{formatTime(Number(expiry))}</Row>
            </Action>
        </div>
    );
}

function planOf(id: Hex, operator: Address, expiry: bigint): Plan {
    const { domain } = session.value!;
    const title =
        expiry === 0n ? `End operator ${shortAddress(operator)}` : `Set operator ${shortAddress(operator)}`;
    const call = batch(domain, [setOperator(id, operator, expiry)]);
    return { key: `operator ${id} ${operator} ${expiry}`, title, steps: [{ title, call }] };
}
