/** An offer: legs from the chain, side, units, premium; signed, then text to hand on. */

import { useState } from "preact/hooks";
import { account } from "../../chain/accounts";
import { clock } from "../../chain/head";
import { session } from "../../chain/session";
import { formatAmount, formatPercent, formatTime, formatUsd } from "../../lib/format";
import { FILL_OR_KILL, POST_ONLY, REDUCE_ONLY } from "../../lib/orders";
import { toCents } from "../../lib/perps";
import { legsValue, offerText, seriesName, type Leg } from "../../lib/options";
import { abs, max, parseAmount, WAD, type Parsed } from "../../lib/units";
import { signOffer } from "../../wallet/option-orders";
import { sending } from "../../wallet/transact";
import { MainButton } from "../../ui/action";
import { Button } from "../../ui/button";
import { Row, Rows } from "../../ui/card";
import { Check } from "../../ui/check";
import { AmountField, checkAmount, Select, Tabs } from "../../ui/field";
import { Note } from "../../ui/state";
import type { TicketProps } from "./ticket";

type Side = "buy" | "sell";
type Life = "3600" | "86400" | "604800";

const SIDES: readonly (readonly [Side, string])[] = [
    ["buy", "Buy"],
    ["sell", "Sell"],
];
const LIVES: readonly (readonly [Life, string])[] = [
    ["3600", "an hour"],
    ["86400", "a day"],
    ["604800", "a week"],
];
const MAX_RATIO = 100n;

export function OfferForm({ market, state, legs, setLegs }: TicketProps) {
    const { domain, config } = session.value!;
    const [side, setSide] = useState<Side>("buy");
    const [unitsText, setUnits] = useState("");
    const [premiumText, setPremium] = useState("");
    const [life, setLife] = useState<Life>("86400");
    const [flags, setFlags] = useState(0);
    const [signed, setSigned] = useState<string | null>(null);
    const id = account.value;
    const units = checkAmount(unitsText, 18);
    const premium = parseSigned(premiumText);
    const isKnown = (series: bigint) => state?.series.find((one) => one.series === series);
    const valueWad = legsValue(legs, (series) => isKnown(series)?.valueWad);
    const complete = id !== null && legs.length > 0 && units.ok && premium.ok && state !== undefined;
    const busy = sending.value !== null;
    const title = `${side === "buy" ? "Buy" : "Sell"} ${legs.length > 1 ? "a combination" : "options"}`;
    const flip = (flag: number) => (on: boolean) => setFlags((old) => (on ? old | flag : old & ~flag));

    async function send() {
        if (!complete || !units.ok || !premium.ok) return;
        const offer = await signOffer(
            {
                account: id,
                market: market.market,
                legs,
                unitsWad: side === "buy" ? units.value : -units.value,
                limitPremiumWad: premium.value,
                expiry: BigInt(clock.peek() + Number(life)),
                flags: BigInt(flags),
                maxFeeWad: max(state.takerFeeWad, state.makerFeeWad),
            },
            title,
        );
        if (offer) setSigned(offerText(config.chainId, domain.optionOrders!, offer));
    }

    if (signed) return <SignedOffer text={signed} onDone={() => setSigned(null)} />;
    return (
        <>
            <div class={`sides sides-${side === "buy" ? "long" : "short"}`}>
                <Tabs label="Side" value={side} options={SIDES} onChange={setSide} />
            </div>
            {legs.length === 0 && <Note>Choose series in the chain: their prices are buttons.</Note>}
            {legs.length > 0 && (
                <ul class="legs" data-testid="legs">
                    {legs.map((leg) => {
                        const series = isKnown(leg.series);
                        return (
                            <LegRow
                                key={leg.series.toString()}
                                name={series ? seriesName(series) : `Series ${leg.series}`}
                                leg={leg}
                                onChange={(ratio) =>
                                    setLegs(
                                        legs.map((one) =>
                                            one.series === leg.series ? { ...one, ratio } : one,
                                        ),
                                    )
                                }
                                onRemove={() => setLegs(legs.filter((one) => one.series !== leg.series))}
                            />
                        );
                    })}
                </ul>
            )}
            <AmountField
                label="Units"
                symbol={market.underlyingName}
                decimals={18}
                value={unitsText}
                onInput={setUnits}
                testid="units"
            />
            <AmountField
                label={side === "buy" ? "Premium for one, at most" : "Premium for one, at least"}
                symbol={domain.settlement.symbol}
                decimals={18}
                value={premiumText}
                onInput={setPremium}
                most={legs.length > 0 && valueWad > 0n ? toCents(valueWad) : undefined}
                mostLabel="Model"
                allowMore
                testid="premium"
            />
            <Select
                label="Expires after"
                value={life}
                options={LIVES}
                onChange={setLife}
                testid="offer-life"
            />
            <div class="flags">
                <Check
                    checked={Boolean(flags & REDUCE_ONLY)}
                    onChange={flip(REDUCE_ONLY)}
                    testid="reduce-only"
                >
                    Reduce-only
                </Check>
                <Check checked={Boolean(flags & POST_ONLY)} onChange={flip(POST_ONLY)} testid="post-only">
                    Post-only
                </Check>
                <Check
                    checked={Boolean(flags & FILL_OR_KILL)}
                    onChange={flip(FILL_OR_KILL)}
                    testid="fill-or-kill"
                >
                    Fill or kill
                </Check>
            </div>
            {complete && units.ok && premium.ok && (
                <Rows>
                    <Row label="Model value" testid="model-value">
                        {formatUsd((valueWad * units.value) / WAD)}
                    </Row>
                    <Row label="Premium in all" testid="premium-total">
                        {formatUsd((premium.value * units.value) / WAD)}
                    </Row>
                    <Row label="Fee, at most">
                        {formatPercent(max(state.takerFeeWad, state.makerFeeWad))} of the notional
                    </Row>
                    <Row label="Expires">{formatTime(clock.value + Number(life))}</Row>
                </Rows>
            )}
            <Note>Margin is checked when somebody takes the offer, of both accounts, all legs or none.</Note>
            <MainButton
                label={busy ? (sending.value ?? title) : "Sign the offer"}
                busy={busy}
                disabled={!complete || busy}
                testid="sign-offer"
                onClick={() => void send()}
            />
        </>
    );
}

interface LegRowProps {
    name: string;
    leg: Leg;
    onChange: (ratio: bigint) => void;
    onRemove: () => void;
}

function LegRow({ name, leg, onChange, onRemove }: LegRowProps) {
    const step = (by: bigint) => {
        const next = leg.ratio + by;
        const ratio = next === 0n ? by : next;
        if (abs(ratio) <= MAX_RATIO) onChange(ratio);
    };
    return (
        <li class="leg">
            <span class="leg-name">{name}</span>
            <Button kind="quiet" size="small" label={`One less of ${name}`} onClick={() => step(-1n)}>
                −
            </Button>
            <span class={`leg-ratio ${leg.ratio > 0n ? "tone-good" : "tone-danger"}`}>
                {leg.ratio > 0n ? "+" : "−"}
                {formatAmount(abs(leg.ratio), 0)}
            </span>
            <Button kind="quiet" size="small" label={`One more of ${name}`} onClick={() => step(1n)}>
                +
            </Button>
            <Button kind="ghost" size="small" label={`Take out ${name}`} onClick={onRemove}>
                ×
            </Button>
        </li>
    );
}

function SignedOffer({ text, onDone }: { text: string; onDone: () => void }) {
    const [copied, setCopied] = useState(false);
    const copy = () => {
        navigator.clipboard?.writeText(text).then(
            () => setCopied(true),
            () => setCopied(false),
        );
    };
    return (
        <>
            <label class="field">
                <span>The signed offer: hand it to whoever may take it</span>
                <textarea class="offer-text mono" readOnly rows={12} value={text} data-testid="offer-text" />
            </label>
            <span class="actions">
                <Button onClick={copy} testid="copy-offer">
                    {copied ? "Copied" : "Copy"}
                </Button>
                <Button kind="quiet" onClick={onDone} testid="another-offer">
                    Another offer
                </Button>
            </span>
        </>
    );
}

/** A premium; below zero the buyer is paid. */
function parseSigned(text: string): Parsed {
    const plain = text.trim();
    const parsed = parseAmount(plain.replace(/^[-−]/, ""), 18);
    return parsed.ok && /^[-−]/.test(plain) ? { ok: true, value: -parsed.value } : parsed;
}
