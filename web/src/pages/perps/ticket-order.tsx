/** A signed order: its terms, what a fill would make of the account, and the signature. */

import { useState } from "preact/hooks";
import { account } from "../../chain/accounts";
import { clock } from "../../chain/head";
import { matcherStatus } from "../../chain/matcher";
import { useOutlook } from "../../chain/outlook";
import { fillAsOrder } from "../../chain/perp-calls";
import { session } from "../../chain/session";
import { formatAmount, formatPrice, formatTime } from "../../lib/format";
import {
    FILL_OR_KILL,
    POST_ONLY,
    REDUCE_ONLY,
    triggerOf,
    triggerWords,
    type OrderKind,
} from "../../lib/orders";
import { priceWithin, reducing, toCents } from "../../lib/perps";
import { abs, max } from "../../lib/units";
import { place } from "../../wallet/orders";
import { sending, type Plan } from "../../wallet/transact";
import { MainButton, usePreview, type Preview } from "../../ui/action";
import { Row, Rows } from "../../ui/card";
import { Check } from "../../ui/check";
import { AmountField, checkAmount, Select } from "../../ui/field";
import { Note } from "../../ui/state";
import { TradeRows, type TicketData } from "./outlook";

type Life = "3600" | "86400" | "604800" | "2592000";

const LIVES: readonly (readonly [Life, string])[] = [
    ["3600", "One hour"],
    ["86400", "One day"],
    ["604800", "One week"],
    ["2592000", "30 days"],
];
/** Whoever triggers a stop order earns this {settlement tok}, unless something else is written. */
const USUAL_TIP = "1";

interface Props extends TicketData {
    kind: OrderKind;
    buys: boolean;
    sizeWad: bigint;
    onDone: () => void;
}

export function OrderForm(props: Props) {
    const { perp, state, position, kind, buys, sizeWad, onDone } = props;
    const { domain } = session.value!;
    const { settlement } = domain;
    const isStop = kind !== "limit";
    const [priceText, setPrice] = useState("");
    const [triggerText, setTrigger] = useState("");
    const [tipText, setTip] = useState(USUAL_TIP);
    const [life, setLife] = useState<Life>(isStop ? "2592000" : "86400");
    const [flags, setFlags] = useState(isStop ? REDUCE_ONLY : 0);
    const price = checkAmount(priceText, 18);
    const trigger = checkAmount(triggerText, 18);
    const tip = checkAmount(tipText, settlement.decimals);
    const tipWords =
        tipText.trim() === "" || /^0*\.?0*$/.test(tipText.trim()) ? 0n : tip.ok ? tip.value : null;
    const id = account.value;
    const held = position?.sizeWad ?? 0n;
    const filled = flags & REDUCE_ONLY ? reducing(held, sizeWad) : sizeWad;
    const complete =
        id !== null && sizeWad !== 0n && price.ok && (!isStop || (trigger.ok && tipWords !== null));

    // As if it were filled now: at its own price, or the nearest to it at which the market takes fills.
    const at = price.ok && state ? priceWithin(price.value, state.markWad, state.maxMoveWad) : 0n;
    const fill = complete && filled !== 0n && at > 0n ? fillAsOrder(domain, id, perp, filled, at) : null;
    const plan: Plan | null = fill && {
        key: `fill ${id} ${perp.market} ${filled} ${at}`,
        title: "Order",
        steps: [],
        simulated: [fill],
        amounts: settlement,
    };
    const preview = usePreview(plan);
    const outlook = useOutlook(plan, id, null);
    const verdict = judge(preview, id);
    const live = matcherStatus.value.kind === "live";
    const busy = sending.value !== null;
    const title = `${buys ? "Buy" : "Sell"} ${formatAmount(abs(sizeWad), 18, perp.underlyingName)}`;

    async function send() {
        if (!complete || !price.ok || !state) return;
        const expiry = clock.peek() + Number(life);
        const placed = await place(
            {
                ...{ kind, account: id, market: perp.market, sizeWad, expiry, flags },
                limitWad: price.value,
                triggerWad: trigger.ok ? trigger.value : 0n,
                maxFeeWad: max(state.takerFeeWad, state.makerFeeWad),
                tip: tipWords ?? 0n,
            },
            `${title} at ${formatPrice(price.value)}`,
        );
        if (placed) onDone();
    }

    const flip = (flag: number, on: boolean) =>
        setFlags((old) => {
            const other = flag === POST_ONLY ? FILL_OR_KILL : flag === FILL_OR_KILL ? POST_ONLY : 0;
            return on ? (old | flag) & ~other : old & ~flag;
        });
    const words = triggerWords(triggerOf(kind, buys));
    const wakesNow =
        trigger.ok &&
        state &&
        words &&
        (words === "at or above" ? state.indexWad >= trigger.value : state.indexWad <= trigger.value);
    return (
        <>
            {isStop && (
                <AmountField
                    label={`Wakes when the index is ${words}`}
                    symbol="USD"
                    decimals={18}
                    value={triggerText}
                    onInput={setTrigger}
                    most={state && toCents(state.indexWad)}
                    mostLabel="Index"
                    allowMore
                    testid="trigger"
                />
            )}
            <AmountField
                label={isStop ? "Worst price then" : "Limit price"}
                symbol="USD"
                decimals={18}
                value={priceText}
                onInput={setPrice}
                most={state && toCents(state.markWad)}
                mostLabel="Mark"
                allowMore
                testid="limit"
            />
            <div class="pair">
                <Select label="Expires after" value={life} options={LIVES} onChange={setLife} testid="life" />
                {isStop && (
                    <AmountField
                        label="Tip to who wakes it"
                        symbol={settlement.symbol}
                        decimals={settlement.decimals}
                        value={tipText}
                        onInput={setTip}
                        testid="tip"
                    />
                )}
            </div>
            <div class="flags">
                <Check
                    checked={Boolean(flags & REDUCE_ONLY)}
                    onChange={(on) => flip(REDUCE_ONLY, on)}
                    testid="reduce-only"
                >
                    Reduce-only
                </Check>
                {!isStop && (
                    <Check
                        checked={Boolean(flags & POST_ONLY)}
                        onChange={(on) => flip(POST_ONLY, on)}
                        testid="post-only"
                    >
                        Post-only
                    </Check>
                )}
                <Check
                    checked={Boolean(flags & FILL_OR_KILL)}
                    onChange={(on) => flip(FILL_OR_KILL, on)}
                    testid="fill-or-kill"
                >
                    Fill or kill
                </Check>
            </div>
            {complete && state && (
                <Rows>
                    <TradeRows
                        {...props}
                        sizeWad={filled}
                        priceWad={at}
                        priceLabel={
                            at === price.value ? "If filled at" : "Simulated at, since it is far away"
                        }
                        feeWad={state.takerFeeWad}
                        feeLabel="Fee, at most"
                        outlook={outlook}
                    />
                    <Row label="Expires">{formatTime(clock.value + Number(life))}</Row>
                </Rows>
            )}
            {complete && filled === 0n && <Note tone="warning">There is nothing to reduce now.</Note>}
            {wakesNow && <Note tone="warning">The index is there already: it wakes at once.</Note>}
            {verdict.kind === "refused" && <Note tone="danger">{verdict.reason}</Note>}
            {verdict.kind === "unknown" && (
                <Note tone="warning">A fill cannot be simulated now. {verdict.reason}</Note>
            )}
            {!live && (
                <Note tone="warning">
                    Signed orders need the matcher, which is not there. Market trades work without.
                </Note>
            )}
            <MainButton
                label={busy ? (sending.value ?? title) : complete ? `Sign: ${title}` : "Sign the order"}
                busy={busy}
                disabled={
                    !complete ||
                    !live ||
                    busy ||
                    (plan !== null && verdict.kind !== "passes" && verdict.kind !== "unknown")
                }
                testid="sign"
                onClick={() => void send()}
            />
        </>
    );
}

type Verdict = { kind: "waiting" | "passes" } | { kind: "refused" | "unknown"; reason: string };

/** Whether the account bears the fill. A refusal that does not name it is the other side's, or the moment's. */
function judge(preview: Preview, account: string | null): Verdict {
    if (preview.state === "silent") return { kind: "unknown", reason: preview.reason };
    if (preview.state !== "known") return { kind: "waiting" };
    const { result } = preview;
    if (result.ok) return { kind: "passes" };
    const names = account !== null && result.data?.toLowerCase().includes(account.slice(2).toLowerCase());
    return { kind: names ? "refused" : "unknown", reason: result.reason };
}
