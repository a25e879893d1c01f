/** Somebody's offer, pasted: what taking it would do, by simulation, and doing it in one transaction. */

import { optionAbi } from "@generated/abi";
import { useId, useState } from "preact/hooks";
import { parseEventLogs, recoverTypedDataAddress, type Hex } from "viem";
import { account } from "../../chain/accounts";
import { optionByMarket } from "../../chain/domain";
import { clock } from "../../chain/head";
import { fillOffer, matchOffers, useOfferStatus } from "../../chain/options";
import { useOutlook } from "../../chain/outlook";
import { useQuery } from "../../chain/query";
import { session } from "../../chain/session";
import { ownerOf } from "../../lib/account";
import { formatTime, formatUsd, shortAddress } from "../../lib/format";
import { legsValue, readOffer, seriesName, typedOptionOrder, type Offer } from "../../lib/options";
import { FILL_OR_KILL } from "../../lib/orders";
import { quoteToUsd } from "../../lib/perps";
import { abs, WAD } from "../../lib/units";
import { signTaker } from "../../wallet/option-orders";
import type { Plan } from "../../wallet/transact";
import { Action, usePreview, type Preview } from "../../ui/action";
import { Row, Rows } from "../../ui/card";
import { AmountField, checkAmount } from "../../ui/field";
import { OutlookRows } from "../../ui/standing";
import { Note } from "../../ui/state";
import type { TicketProps } from "./ticket";

// ISignedOrders.State
const STATES = ["open", "filled", "cancelled", "expired"] as const;
const LIFE_SECONDS = 600;

export function TakeForm(props: TicketProps) {
    const { domain, config } = session.value!;
    const [text, setText] = useState("");
    const id = useId();
    let offer: Offer | null = null;
    let wrong: string | null = null;
    if (text.trim() !== "") {
        try {
            offer = readOffer(text, config.chainId, domain.optionOrders!);
        } catch (error) {
            wrong = (error as Error).message;
        }
    }
    const market = offer && optionByMarket(domain, offer.order.market);
    if (offer && market?.market !== props.market.market) {
        wrong = market
            ? `The offer is on ${market.name}; switch to that market.`
            : "The market is not known here.";
        offer = null;
    }
    return (
        <>
            <div class="field">
                <label for={id}>Signed offer</label>
                <textarea
                    id={id}
                    class="offer-text mono"
                    rows={5}
                    spellcheck={false}
                    placeholder="Paste the offer's JSON"
                    value={text}
                    onInput={(event) => setText(event.currentTarget.value)}
                    data-testid="offer-paste"
                />
            </div>
            {wrong && <Note tone="danger">{wrong}</Note>}
            {offer && <Take key={offer.signature} {...props} offer={offer} onDone={() => setText("")} />}
        </>
    );
}

function Take({ state, standing, offer, onDone }: TicketProps & { offer: Offer; onDone: () => void }) {
    const open = session.value!;
    const { domain, config } = open;
    const { order } = offer;
    const id = account.value;
    const status = useOfferStatus(order);
    const signer = useQuery(
        `signer ${offer.signature} ${order.nonce}`,
        () =>
            recoverTypedDataAddress({
                ...typedOptionOrder(config.chainId, domain.optionOrders!, order),
                signature: offer.signature,
            } as unknown as Parameters<typeof recoverTypedDataAddress>[0]),
        { every: false },
    );
    const [text, setText] = useState("");
    const left = status.data?.leftWad;
    const what = STATES[status.data?.state ?? 0];
    const units = checkAmount(text, 18, left);
    const unitsWad = text.trim() === "" ? (left ?? 0n) : units.ok ? units.value : 0n;
    const buys = order.unitsWad < 0n;
    const isForged = signer.data !== undefined && signer.data.toLowerCase() !== order.signer.toLowerCase();
    const plan = planOf();
    const preview = usePreview(plan);
    const outlook = useOutlook(plan, id, null);
    const values = (series: bigint) => state?.series.find((one) => one.series === series);
    const valueWad = legsValue(order.legs, (series) => values(series)?.valueWad);
    const fee = feeIn(preview, id);
    return (
        <>
            <Rows>
                <Row label="From">
                    <span class="mono">{shortAddress(ownerOf(order.account))}</span>
                </Row>
                <Row label={buys ? "You buy" : "You sell"} testid="take-legs">
                    {order.legs.map(({ series, ratio }) => {
                        const known = values(series);
                        return (
                            <span key={series.toString()} class="take-leg">
                                {ratio === 1n ? "" : `${ratio} × `}
                                {known ? seriesName(known) : `series ${series}`}
                            </span>
                        );
                    })}
                </Row>
                <Row label="Valid until">{formatTime(Number(order.expiry))}</Row>
            </Rows>
            {status.error && <Note tone="warning">{status.error}</Note>}
            {status.data && what !== "open" && <Note tone="danger">The offer is {what}.</Note>}
            {isForged && (
                <Note tone="warning">
                    The signature is not of the key that it names. If that is no contract's, the offer is
                    forged.
                </Note>
            )}
            <AmountField
                label="Units, or all that is left"
                symbol="units"
                decimals={18}
                value={text}
                onInput={setText}
                most={left}
                mostLabel="Left"
                testid="take-units"
            />
            <Action
                plan={plan}
                preview={preview}
                label={buys ? "Buy by this offer" : "Sell by this offer"}
                onDone={onDone}
                testid="take-offer"
            >
                {plan && (
                    <>
                        <Row label={buys ? "Premium to pay" : "Premium to get"} testid="take-premium">
                            {formatUsd((order.limitPremiumWad * unitsWad) / WAD)}
                        </Row>
                        <Row label="Model value">{formatUsd((valueWad * unitsWad) / WAD)}</Row>
                        <Row label="Fee" testid="take-fee">
                            {fee === null ? "–" : formatUsd(quoteToUsd(fee))}
                        </Row>
                        <Row
                            label="Margin required"
                            after={outlook && formatUsd(outlook.initialWad)}
                            testid="take-margin"
                        >
                            {formatUsd(standing?.initialWad ?? 0n)}
                        </Row>
                        <OutlookRows before={standing} after={outlook} />
                    </>
                )}
            </Action>
        </>
    );

    function planOf(): Plan | null {
        if (!id || !state || unitsWad === 0n || what !== "open") return null;
        const title = buys ? "Buy by an offer" : "Sell by an offer";
        const call = fillOffer(domain, offer, id, unitsWad);
        const wish = {
            account: id,
            market: order.market,
            legs: order.legs,
            unitsWad: buys ? unitsWad : -unitsWad,
            limitPremiumWad: order.limitPremiumWad,
            flags: BigInt(FILL_OR_KILL),
            maxFeeWad: state.takerFeeWad,
        };
        const sign = async () => {
            const expiry = BigInt(clock.peek() + LIFE_SECONDS);
            return matchOffers(domain, await signTaker(open, { ...wish, expiry }), offer);
        };
        return {
            key: `take ${id} ${offer.signature} ${unitsWad}`,
            title,
            steps: [{ title, call, sign }],
            simulated: [call],
            amounts: domain.settlement,
        };
    }
}

/** The taker's fee in what was simulated {quote, 36 decimals}. */
function feeIn(preview: Preview, id: Hex | null): bigint | null {
    if (preview.state !== "known" || !preview.result.ok || !id) return null;
    const found = parseEventLogs({
        abi: optionAbi,
        eventName: "Traded",
        logs: preview.result.logs as never,
    }) as unknown as readonly { args: { taker: Hex; takerFee: bigint } }[];
    const mine = found.filter(({ args }) => args.taker.toLowerCase() === id.toLowerCase());
    return mine.reduce((sum, { args }) => sum + abs(args.takerFee), 0n);
}
