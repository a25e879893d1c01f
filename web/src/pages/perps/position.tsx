/** What the account has in the market, closing it, and settling its profit. */

import { perpAbi } from "@generated/abi";
import { useState } from "preact/hooks";
import { decodeFunctionResult, type Hex } from "viem";
import { account } from "../../chain/accounts";
import { batch } from "../../chain/calls";
import type { Perp } from "../../chain/domain";
import { clock } from "../../chain/head";
import { useOutlook } from "../../chain/outlook";
import { settle, settleWithin, trade } from "../../chain/perp-calls";
import { useAmmQuote, type PerpPosition } from "../../chain/perps";
import { session } from "../../chain/session";
import { formatAmount, formatHealth, formatPrice, formatTime, formatUsd } from "../../lib/format";
import { boundOf } from "../../lib/leverage";
import { quoteToUsd } from "../../lib/perps";
import { abs, MAX_UINT, mulDiv, WAD } from "../../lib/units";
import type { Plan } from "../../wallet/transact";
import { address } from "../../wallet/wallet";
import { Action, usePreview } from "../../ui/action";
import { Badge, Card, Row, Stat, Stats } from "../../ui/card";
import { Slider, Tabs } from "../../ui/field";
import { SlippageField, slippageOf, SLIPPAGES, type Slippage } from "../../ui/slippage";
import { ThresholdWords, toneOfHealth } from "../../ui/standing";
import { Empty, Note, Skeleton } from "../../ui/state";
import { TradeRows, type TicketData } from "./outlook";

type View = "look" | "close" | "settle";

const VIEWS: readonly (readonly [View, string])[] = [
    ["look", "Position"],
    ["close", "Close"],
    ["settle", "Settle"],
];
const PERCENT = 100;

export function PositionCard(props: TicketData & { error: string | undefined }) {
    const { perp, state, position, error } = props;
    const [wanted, setView] = useState<View>("look");
    if (!address.value) {
        return (
            <Card title="Position">
                <Empty title="No wallet connected" icon="wallet">
                    Connect one to trade. Prices, book and depth are there without.
                </Empty>
            </Card>
        );
    }
    const view = position?.isEmpty ? "look" : wanted;
    return (
        <Card
            title="Position"
            aside={
                position &&
                !position.isEmpty && <Tabs label="Position" value={view} options={VIEWS} onChange={setView} />
            }
            class="perp-position"
            testid="position"
        >
            <div class="stack">
                {error && <Note tone="warning">{error}</Note>}
                {!position && !error && <Skeleton height="5rem" />}
                {position?.isEmpty && (
                    <Empty title={`No position in ${perp.name}`}>
                        Trade with the ticket; margin may come from the wallet in the same transaction.
                    </Empty>
                )}
                {position && !position.isEmpty && <Figures {...props} position={position} />}
                {position && state && view === "close" && (
                    <CloseForm {...props} position={position} onDone={() => setView("look")} />
                )}
                {position && view === "settle" && account.value && (
                    <SettleForm perp={perp} id={account.value} onDone={() => setView("look")} />
                )}
            </div>
        </Card>
    );
}

function Figures({ perp, state, position, standing }: TicketData & { position: PerpPosition }) {
    const { settlement } = session.value!.domain;
    const { sizeWad, pnl, fundingOwed, unsettled, waiting, allotted, belowWad, aboveWad, graceUntil } =
        position;
    const profit = quoteToUsd(pnl);
    const funding = quoteToUsd(fundingOwed);
    const tokens = (amount: bigint) => formatAmount(amount, settlement.decimals, settlement.symbol);
    const price = state?.indexWad ?? 0n;
    return (
        <>
            <Stats>
                <Stat
                    label="Size"
                    detail={state && formatUsd(mulDiv(abs(sizeWad), state.markWad, WAD))}
                    testid="size-now"
                >
                    {sizeWad !== 0n && (
                        <Badge tone={sizeWad > 0n ? "good" : "danger"}>
                            {sizeWad > 0n ? "Long" : "Short"}
                        </Badge>
                    )}{" "}
                    {sizeWad === 0n ? "None" : formatAmount(abs(sizeWad), 18, perp.underlyingName)}
                </Stat>
                <Stat label="Entry" detail={state && `mark ${formatPrice(state.markWad)}`} testid="entry">
                    {sizeWad === 0n ? "–" : formatPrice(position.entryWad)}
                </Stat>
                <Stat
                    label="Profit at the mark"
                    detail="settlements and funding counted"
                    tone={profit < 0n ? "danger" : profit > 0n ? "good" : "plain"}
                    testid="pnl"
                >
                    {formatUsd(profit)}
                </Stat>
                <Stat label="Liquidation price" testid="liquidation">
                    <ThresholdWords
                        threshold={{
                            underlying: perp.underlying,
                            name: perp.underlyingName,
                            belowWad,
                            aboveWad,
                        }}
                        priceWad={price}
                    />
                </Stat>
                <Stat label="Health" tone={standing ? toneOfHealth(standing.healthWad) : "plain"}>
                    {standing ? formatHealth(standing.healthWad ?? MAX_UINT) : "–"}
                </Stat>
                <Stat
                    label={funding < 0n ? "Funding earned" : "Funding owed"}
                    detail="since the last trade"
                    testid="funding-owed"
                >
                    {formatUsd(abs(funding))}
                </Stat>
                <Stat label="Unsettled profit" detail="pays no withdrawal yet" testid="unsettled">
                    {tokens(unsettled)}
                </Stat>
                <Stat label="Claims" detail={`${tokens(allotted)} ready to be paid`} testid="claims">
                    {tokens(waiting + allotted)}
                </Stat>
            </Stats>
            {graceUntil > clock.value && (
                <Note tone="warning">
                    Part of the position was deleveraged. Nobody takes the account over for it before{" "}
                    {formatTime(graceUntil)}.
                </Note>
            )}
        </>
    );
}

interface CloseProps extends TicketData {
    position: PerpPosition;
    onDone: () => void;
}

/** Sells or buys back at the virtual AMM and settles what is left, in one transaction. */
function CloseForm(props: CloseProps) {
    const { perp, state, position, onDone } = props;
    const { domain } = session.value!;
    const id = account.value;
    const [percent, setPercent] = useState(PERCENT);
    const [slippage, setSlippage] = useState<Slippage>(SLIPPAGES[1]);
    const sizeWad = -(position.sizeWad * BigInt(percent)) / BigInt(PERCENT);
    const quote = useAmmQuote(perp, sizeWad);
    const plan = id && sizeWad !== 0n && quote.data !== undefined ? planOf(id, quote.data) : null;
    const preview = usePreview(plan);
    const outlook = useOutlook(plan, id, null);
    if (position.sizeWad === 0n) return <Note>Nothing is open; what is left can be settled.</Note>;
    return (
        <div class="form">
            <div class="pair">
                <Slider
                    label="Part to close"
                    value={percent}
                    min={1}
                    max={PERCENT}
                    step={1}
                    format={(value) => `${value}%`}
                    onInput={setPercent}
                    testid="part"
                />
                <SlippageField value={slippage} onChange={setSlippage} />
            </div>
            {quote.error && <Note tone="danger">{quote.error}</Note>}
            <Action
                plan={plan}
                preview={preview}
                label={percent === PERCENT ? "Close the position" : `Close ${percent}%`}
                onDone={onDone}
                testid="close"
            >
                {plan && state && (
                    <TradeRows
                        {...props}
                        sizeWad={sizeWad}
                        priceWad={quote.data!}
                        priceLabel="Average price"
                        feeWad={state.takerFeeWad}
                        feeLabel="Fee"
                        outlook={outlook}
                    />
                )}
            </Action>
        </div>
    );

    function planOf(id: Hex, priceWad: bigint): Plan {
        const limit = boundOf(priceWad, slippageOf(slippage), sizeWad > 0n);
        const title = `Close ${formatAmount(abs(sizeWad), 18, perp.underlyingName)}`;
        const call = batch(domain, [trade(id, perp, sizeWad, limit), settleWithin(id, perp)]);
        return {
            key: `close ${id} ${perp.market} ${sizeWad} ${limit}`,
            title,
            amounts: domain.settlement,
            steps: [{ title, call }],
        };
    }
}

function SettleForm({ perp, id, onDone }: { perp: Perp; id: Hex; onDone: () => void }) {
    const { settlement } = session.value!.domain;
    const title = "Settle";
    const plan: Plan = {
        key: `settle ${id} ${perp.market}`,
        title,
        amounts: settlement,
        steps: [{ title, call: settle(id, perp) }],
    };
    const preview = usePreview(plan);
    const paid = paidBy();
    return (
        <div class="form">
            <p class="muted">
                A loss is paid into the market. A profit is paid out as far as losers have paid; the rest
                waits as a claim and shares in what comes in.
            </p>
            <Action plan={plan} preview={preview} label={title} onDone={onDone} testid="settle">
                {paid !== undefined && (
                    <Row label={paid < 0n ? "The account pays" : "The account receives"} testid="paid">
                        {formatAmount(abs(paid), settlement.decimals, settlement.symbol)}
                    </Row>
                )}
            </Action>
        </div>
    );

    function paidBy(): bigint | undefined {
        if (preview.state !== "known" || !preview.result.ok) return undefined;
        const data = preview.result.results[0];
        return data && data !== "0x"
            ? decodeFunctionResult({ abi: perpAbi, functionName: "settle", data })
            : undefined;
    }
}
