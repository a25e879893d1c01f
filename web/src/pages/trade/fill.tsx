/** What a trade gives and costs, as quoted. */

import type { Asset } from "../../chain/domain";
import { marketOf, markets } from "../../chain/markets";
import { pathWords, type Quote, type Trade } from "../../chain/quotes";
import { session } from "../../chain/session";
import { formatAmount, formatPercent, formatPrice, formatUsd } from "../../lib/format";
import { boundOf, fillPrice, lossShare, priceImpact } from "../../lib/leverage";
import { valueOf, WAD } from "../../lib/units";
import { Row, Rows } from "../../ui/card";

interface FillProps {
    order: Trade;
    quote: Quote;
    asset: Asset;
    slippage: bigint;
}

/** What the trade itself gives. */
export function FillRows({ order, quote }: Pick<FillProps, "order" | "quote">) {
    const impact = priceImpact(quote, quote.sample);
    return (
        <>
            <Row label={order.exactOut ? "You sell" : "You get"} testid="bought">
                {order.exactOut
                    ? formatAmount(quote.amountIn, order.sell.decimals, order.sell.symbol)
                    : formatAmount(quote.amountOut, order.buy.decimals, order.buy.symbol)}
            </Row>
            <Row label="Price impact" tone={impact > WAD / 100n ? "warning" : "plain"} testid="impact">
                {formatPercent(impact)}
            </Row>
        </>
    );
}

/** The rest of it: both sides, the bound, the price and the way. */
export function FillDetails({ order, quote, asset, slippage }: FillProps) {
    const { domain } = session.value!;
    const { sold, bought, isBought } = worthOf(order, quote, asset);
    const price = fillPrice(
        isBought ? quote.amountOut : quote.amountIn,
        asset.decimals,
        isBought ? sold : bought,
    );
    const loss = lossShare(sold, bought);
    const limit = boundOf(order.exactOut ? quote.amountIn : quote.amountOut, slippage, order.exactOut);
    const bounded = order.exactOut ? order.sell : order.buy;
    return (
        <details class="details">
            <summary>The trade in detail</summary>
            <Rows>
                <Row label={order.exactOut ? "You buy" : "You sell"}>
                    {order.exactOut
                        ? formatAmount(quote.amountOut, order.buy.decimals, order.buy.symbol)
                        : formatAmount(quote.amountIn, order.sell.decimals, order.sell.symbol)}
                </Row>
                <Row label={order.exactOut ? "At most" : "At least"} testid="bound">
                    {formatAmount(limit, bounded.decimals, bounded.symbol)}
                </Row>
                <Row label="Price">{formatPrice(price)}</Row>
                <Row label="Against the oracle" tone={loss > WAD / 100n ? "warning" : "plain"}>
                    {loss > 0n ? `−${formatPercent(loss)}` : `+${formatPercent(-loss)}`} ·{" "}
                    {formatUsd(bought - sold)}
                </Row>
                <Row label="Route">{pathWords(domain, quote.path)}</Row>
            </Rows>
        </details>
    );
}

function worthOf(order: Trade, quote: Quote, asset: Asset) {
    const dollars = (token: Asset, amount: bigint) =>
        valueOf(amount, token.decimals, marketOf(markets.value, token)?.priceWad ?? 0n);
    return {
        sold: dollars(order.sell, quote.amountIn),
        bought: dollars(order.buy, quote.amountOut),
        isBought: order.buy.id === asset.id,
    };
}
