/** At once, against the virtual AMM: one transaction, with margin from the wallet where it is asked for. */

import { useState } from "preact/hooks";
import type { Hex } from "viem";
import { account } from "../../chain/accounts";
import { batch } from "../../chain/calls";
import { useOutlook } from "../../chain/outlook";
import { trade } from "../../chain/perp-calls";
import { useAmmQuote } from "../../chain/perps";
import { session } from "../../chain/session";
import { formatAmount, formatPrice } from "../../lib/format";
import { boundOf } from "../../lib/leverage";
import { reducing } from "../../lib/perps";
import { payingSteps, usePurse } from "../../wallet/payment";
import type { Plan } from "../../wallet/transact";
import { Action, usePreview } from "../../ui/action";
import { Check } from "../../ui/check";
import { AmountField, checkAmount } from "../../ui/field";
import { SlippageField, slippageOf, SLIPPAGES, type Slippage } from "../../ui/slippage";
import { Row } from "../../ui/card";
import { Note } from "../../ui/state";
import { sizeWords, TradeRows, type TicketData } from "./outlook";

interface Props extends TicketData {
    sizeWad: bigint;
    onDone: () => void;
}

export function MarketForm(props: Props) {
    const { perp, state, position, sizeWad: wanted, onDone } = props;
    const open = session.value!;
    const { settlement } = open.domain;
    const [text, setText] = useState("");
    const [slippage, setSlippage] = useState<Slippage>(SLIPPAGES[1]);
    const [reduces, setReduces] = useState(false);
    const purse = usePurse(settlement).data;
    const margin = checkAmount(text, settlement.decimals, purse?.balance);
    const isEmpty = text.trim() === "";
    const sizeWad = reduces ? reducing(position?.sizeWad ?? 0n, wanted) : wanted;
    const quote = useAmmQuote(perp, sizeWad);
    const id = account.value;

    const plan = planOf();
    const preview = usePreview(plan);
    const outlook = useOutlook(plan, id, null);
    return (
        <>
            <AmountField
                label="Margin from the wallet, if any"
                symbol={settlement.symbol}
                decimals={settlement.decimals}
                value={text}
                onInput={setText}
                most={purse?.balance}
                mostLabel="Wallet"
                tooMuch={`The wallet holds ${formatAmount(purse?.balance ?? 0n, settlement.decimals, settlement.symbol)}`}
                testid="margin"
            />
            <SlippageField value={slippage} onChange={setSlippage} />
            <Check checked={reduces} onChange={setReduces} testid="reduce-only">
                Reduce-only: no larger than the position
            </Check>
            {reduces && wanted !== 0n && sizeWad === 0n && (
                <Note tone="warning">There is nothing to reduce in this direction.</Note>
            )}
            {quote.error && <Note tone="danger">{quote.error}</Note>}
            <Action
                plan={plan}
                preview={preview}
                label={sizeWad === 0n ? "Trade" : `${sizeWad > 0n ? "Buy" : "Sell"} at the virtual AMM`}
                onDone={() => {
                    setText("");
                    onDone();
                }}
                testid="trade"
            >
                {plan && quote.data !== undefined && state && (
                    <>
                        <TradeRows
                            {...props}
                            sizeWad={sizeWad}
                            priceWad={quote.data}
                            priceLabel="Average price"
                            feeWad={state.takerFeeWad}
                            feeLabel="Fee"
                            outlook={outlook}
                        />
                        <Row label="Worst price">
                            {formatPrice(boundOf(quote.data, slippageOf(slippage), sizeWad > 0n))}
                        </Row>
                    </>
                )}
            </Action>
        </>
    );

    function planOf(): Plan | null {
        if (!id || sizeWad === 0n || quote.data === undefined || !(isEmpty || margin.ok)) return null;
        const limit = boundOf(quote.data, slippageOf(slippage), sizeWad > 0n);
        const data = trade(id, perp, sizeWad, limit);
        const title = `Trade ${sizeWords(sizeWad, perp)}`;
        const amount = margin.ok ? margin.value : 0n;
        const plan = {
            key: `perp ${id} ${perp.market} ${sizeWad} ${limit} ${amount}`,
            title,
            amounts: settlement,
        };
        if (amount === 0n) return { ...plan, steps: [{ title, call: batch(open.domain, [data]) }] };
        if (!purse) return null;
        const build = (deposit: Hex) => batch(open.domain, [deposit, data]);
        return {
            ...plan,
            ...payingSteps({ session: open, account: id, asset: settlement, amount, purse, title, build }),
        };
    }
}
