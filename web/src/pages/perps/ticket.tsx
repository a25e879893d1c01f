/** The ticket: side, kind of order and size; the rest depends on where it is filled. */

import { useState } from "preact/hooks";
import { formatUsd } from "../../lib/format";
import type { OrderKind } from "../../lib/orders";
import { mulDiv, WAD } from "../../lib/units";
import { Card } from "../../ui/card";
import { AmountField, checkAmount, Tabs } from "../../ui/field";
import { MarketForm } from "./ticket-market";
import { OrderForm } from "./ticket-order";
import type { TicketData } from "./outlook";

type Side = "long" | "short";
type Kind = "market" | OrderKind;

const SIDES: readonly (readonly [Side, string])[] = [
    ["long", "Buy · long"],
    ["short", "Sell · short"],
];
const KINDS: readonly (readonly [Kind, string])[] = [
    ["market", "Market"],
    ["limit", "Limit"],
    ["stop", "Stop"],
    ["profit", "Take profit"],
];

export function PerpTicket(data: TicketData) {
    const { perp, state } = data;
    const [side, setSide] = useState<Side>("long");
    const [kind, setKind] = useState<Kind>("market");
    const [text, setText] = useState("");
    const size = checkAmount(text, 18);
    const sizeWad = size.ok ? (side === "long" ? size.value : -size.value) : 0n;
    const onDone = () => setText("");
    return (
        <Card title={`Trade ${perp.name}`} testid="ticket">
            <div class="form">
                <div class={`sides sides-${side}`}>
                    <Tabs label="Direction" value={side} options={SIDES} onChange={setSide} />
                </div>
                <Tabs label="Kind of order" value={kind} options={KINDS} onChange={setKind} />
                <AmountField
                    label="Size"
                    symbol={perp.underlyingName}
                    decimals={18}
                    value={text}
                    onInput={setText}
                    hint={
                        size.ok && state
                            ? `${formatUsd(mulDiv(size.value, state.markWad, WAD))} at the mark`
                            : undefined
                    }
                    testid="size"
                />
                {kind === "market" ? (
                    <MarketForm {...data} sizeWad={sizeWad} onDone={onDone} />
                ) : (
                    <OrderForm
                        key={kind}
                        {...data}
                        kind={kind}
                        buys={side === "long"}
                        sizeWad={sizeWad}
                        onDone={onDone}
                    />
                )}
            </div>
        </Card>
    );
}
