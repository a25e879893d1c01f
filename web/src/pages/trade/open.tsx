/** Opening or raising a leveraged position: margin, leverage, bounds, and what comes of it. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { Hex } from "viem";
import { zeroAddress } from "viem";
import { account } from "../../chain/accounts";
import { batch, swap } from "../../chain/calls";
import type { Asset } from "../../chain/domain";
import { changesOf, useMostLeverage, type Opening } from "../../chain/limits";
import { marketOf, markets } from "../../chain/markets";
import { useOutlook, type Outlook } from "../../chain/outlook";
import { useQuote, type Quote, type Trade } from "../../chain/quotes";
import { session, type Session } from "../../chain/session";
import { positionIn, type Standing } from "../../chain/standing";
import { accountId } from "../../lib/account";
import { formatAmount, formatMultiple, formatUsd } from "../../lib/format";
import { amountOf, boundOf, groundOf, leverageOf, tradeValue, type Side } from "../../lib/leverage";
import { valueOf, WAD } from "../../lib/units";
import { payingSteps, usePurse, type Purse } from "../../wallet/payment";
import type { Plan } from "../../wallet/transact";
import { address } from "../../wallet/wallet";
import { Action, usePreview } from "../../ui/action";
import { Rows } from "../../ui/card";
import { AmountField, checkAmount, Select, Slider, Tabs } from "../../ui/field";
import { OutlookRows } from "../../ui/standing";
import { Note } from "../../ui/state";
import { FillDetails, FillRows } from "./fill";
import { SLIPPAGES, SlippageField, slippageOf, type Slippage } from "../../ui/slippage";

/** The most that a trade may lose against the oracle's price. */
export const MOST_LOSS = (WAD * 2n) / 100n;
const TENTHS = 10;
const START = 20;

const SIDES: readonly (readonly [Side, string])[] = [
    ["long", "Long"],
    ["short", "Short"],
];

export interface TicketProps {
    standing: Standing | undefined;
    onOutlook: (outlook: Outlook | undefined) => void;
}

interface OpenProps extends TicketProps {
    side: Side;
    asset: Asset;
    onPlace: (side: Side, asset: Asset) => void;
}

export function OpenTicket({ side, asset, standing, onPlace, onOutlook }: OpenProps) {
    const open = session.value!;
    const { domain } = open;
    const [text, setText] = useState("");
    const [againstSymbol, setAgainst] = useState(domain.settlement.symbol);
    const [marginSymbol, setMargin] = useState(domain.settlement.symbol);
    const [wanted, setWanted] = useState(START);
    const [isTouched, setTouched] = useState(false);
    const [slippage, setSlippage] = useState<Slippage>(SLIPPAGES[1]);

    const against =
        domain.assets.find(({ symbol }) => symbol === againstSymbol && symbol !== asset.symbol) ??
        other(domain.assets, asset);
    const marginAsset = [against, asset].find(({ symbol }) => symbol === marginSymbol) ?? against;
    const purse = usePurse(marginAsset).data;
    const amount = checkAmount(text, marginAsset.decimals, purse?.balance);
    const isEmpty = text.trim() === "";
    const margin = amount.ok ? { asset: marginAsset, amount: amount.value } : null;

    const opening = openingOf(side, asset, against, margin, standing, slippageOf(slippage));
    const most = useMostLeverage(opening && opening.ground.equityWad > 0n ? opening : null);
    // While the limit for another margin is looked for, the last one stands.
    const known = useRef<bigint | null | undefined>(undefined);
    if (most.data !== undefined) known.current = most.data;
    const range = rangeOf(opening, known.current);
    const tenths = Math.min(Math.max(wanted, range.low), range.high);
    const leverage = (BigInt(tenths) * WAD) / BigInt(TENTHS);
    // A position that is there does not grow because somebody looks at this form.
    const isIdle = !isTouched && opening !== null && opening.ground.positionWad > 0n;
    const usable = !isIdle && opening && (isEmpty || amount.ok) && range.high >= range.low ? opening : null;
    const value = usable ? tradeValue(usable.ground, leverage) : 0n;
    const order = value > 0n && usable ? orderOf(usable, value) : null;
    const quote = useQuote(order);

    const plan =
        order && quote.data && account.value && (!margin || purse)
            ? planOf(
                  open,
                  account.value,
                  { ...order, side, leverage, margin, purse },
                  quote.data,
                  slippageOf(slippage),
              )
            : null;
    const preview = usePreview(plan);
    const outlook = useOutlook(plan, account.value, usable ? changesOf(usable, leverage) : []);
    useEffect(() => onOutlook(outlook), [outlook]);
    useEffect(() => () => onOutlook(undefined), []);

    const borrowable = side === "short" ? asset.pool : against.pool;
    const choices = domain.assets.filter(({ id }) => id !== domain.settlement.id);
    const marginOptions = [against, asset].map(({ symbol }) => [symbol, symbol] as const);
    return (
        <>
            <div class={`sides sides-${side}`}>
                <Tabs
                    label="Direction"
                    value={side}
                    options={SIDES}
                    onChange={(next) => onPlace(next, asset)}
                />
            </div>
            <div class="pair">
                <Select
                    label={side === "long" ? "Gain when this rises" : "Gain when this falls"}
                    value={asset.symbol}
                    options={choices.map(({ symbol }) => [symbol, symbol] as const)}
                    onChange={(symbol) =>
                        onPlace(side, choices.find((choice) => choice.symbol === symbol) ?? asset)
                    }
                    testid="asset"
                />
                <Select
                    label={side === "long" ? "Paid with" : "Sold for"}
                    value={against.symbol}
                    options={domain.assets
                        .filter(({ id }) => id !== asset.id)
                        .map(({ symbol }) => [symbol, symbol] as const)}
                    onChange={setAgainst}
                    testid="against"
                />
            </div>
            <AmountField
                label="Margin"
                symbol={marginAsset.symbol}
                decimals={marginAsset.decimals}
                value={text}
                onInput={(next) => {
                    setText(next);
                    setTouched(true);
                }}
                most={purse?.balance}
                mostLabel="Wallet"
                tooMuch={
                    purse &&
                    `The wallet holds ${formatAmount(purse.balance, marginAsset.decimals, marginAsset.symbol)}`
                }
                hint={marginHint(margin, standing)}
                testid="margin"
            />
            <div class="pair">
                <Select
                    label="Margin in"
                    value={marginAsset.symbol}
                    options={marginOptions}
                    onChange={setMargin}
                    testid="margin-asset"
                />
                <SlippageField value={slippage} onChange={setSlippage} />
            </div>
            <Slider
                label="Leverage"
                value={tenths}
                min={range.low}
                max={Math.max(range.high, range.low)}
                step={1}
                format={(shown) => `${(shown / TENTHS).toFixed(1)}×`}
                onInput={(next) => {
                    setWanted(next);
                    setTouched(true);
                }}
                ends={[`${(range.low / TENTHS).toFixed(1)}×`, mostWords(known.current, most.error)]}
                testid="leverage"
            />
            {!borrowable && (
                <Note tone="warning">
                    {side === "short" ? asset.symbol : against.symbol} cannot be borrowed: there is no pool
                    for it.
                </Note>
            )}
            {quote.error && <Note tone="warning">{quote.error}</Note>}
            {order && quote.data === null && (
                <Note tone="warning">
                    No Uniswap pools can carry this much from {order.sell.symbol} to {order.buy.symbol}; try
                    less.
                </Note>
            )}
            {!address.value && order && quote.data && (
                <Rows>
                    <FillRows order={order} quote={quote.data} />
                </Rows>
            )}
            {order && quote.data && (
                <FillDetails order={order} quote={quote.data} asset={asset} slippage={slippageOf(slippage)} />
            )}
            <Action
                plan={plan}
                preview={preview}
                label={`Open ${(tenths / TENTHS).toFixed(1)}× ${side} ${asset.symbol}`}
                warning={warningOf(outlook)}
                onDone={() => {
                    setText("");
                    setTouched(false);
                }}
                testid="open"
            >
                {order && quote.data && <FillRows order={order} quote={quote.data} />}
                <OutlookRows before={standing} after={outlook} />
            </Action>
        </>
    );
}

function other(assets: readonly Asset[], asset: Asset): Asset {
    return assets.find(({ id }) => id !== asset.id) ?? asset;
}

/** Null until prices are there. */
function openingOf(
    side: Side,
    asset: Asset,
    against: Asset,
    margin: Opening["margin"],
    standing: Standing | undefined,
    slippageWad: bigint,
): Opening | null {
    const price = marketOf(markets.value, asset)?.priceWad;
    const againstPrice = marketOf(markets.value, against)?.priceWad;
    if (!price || !againstPrice) return null;
    const isPosition = margin?.asset.id === asset.id;
    const marginWad = margin
        ? valueOf(margin.amount, margin.asset.decimals, isPosition ? price : againstPrice)
        : 0n;
    const held = positionIn(standing, asset).valueWad;
    return {
        account: account.value ?? accountId(zeroAddress),
        side,
        asset,
        against,
        ground: groundOf(side, standing?.equityWad ?? 0n, held, marginWad, isPosition),
        margin,
        assetPriceWad: price,
        againstPriceWad: againstPrice,
        // Fee and impact beyond the bound are for the simulation to find.
        costWad: slippageWad + WAD / 500n,
    };
}

/** Tenths of a leverage between which the slider moves. */
function rangeOf(opening: Opening | null, most: bigint | null | undefined): { low: number; high: number } {
    const now = opening && leverageOf(opening.ground);
    const low = now
        ? Math.floor((Number(now / 10n ** 14n) / 10_000) * TENTHS) + 1
        : opening?.side === "short"
          ? 1
          : TENTHS;
    if (most === null) return { low, high: low };
    const high =
        most === undefined ? Math.max(low, START) : Math.floor((Number(most / 10n ** 14n) / 10_000) * TENTHS);
    return { low, high };
}

function orderOf(
    { side, asset, against, assetPriceWad, againstPriceWad }: Opening,
    value: bigint,
): Trade | null {
    const [sell, buy, price] =
        side === "long" ? [against, asset, againstPriceWad] : [asset, against, assetPriceWad];
    const amount = amountOf(value, sell.decimals, price);
    return amount > 0n ? { sell, buy, amount, exactOut: false } : null;
}

interface Wanted extends Trade {
    side: Side;
    leverage: bigint;
    margin: Opening["margin"];
    purse: Purse | undefined;
}

function planOf(open: Session, id: Hex, wanted: Wanted, quote: Quote, slippageWad: bigint): Plan {
    const { domain } = open;
    const { side, leverage, margin, purse } = wanted;
    const limit = boundOf(quote.amountOut, slippageWad, false);
    const trade = swap(domain, id, { ...wanted, limit, path: quote.path, maxLossWad: MOST_LOSS });
    const position = side === "long" ? wanted.buy : wanted.sell;
    const title = `Open ${formatMultiple(leverage, 1)} ${side} ${position.symbol}`;
    const key = `open ${id} ${wanted.sell.id} ${wanted.buy.id} ${wanted.amount} ${limit} ${quote.path.fees} ${margin?.asset.id} ${margin?.amount} ${purse?.allowance}`;
    if (!margin || !purse)
        return { key, title, steps: [{ title, call: batch(domain, [trade]) }], amounts: wanted.sell };
    const paying = payingSteps({
        ...{ session: open, account: id, asset: margin.asset, amount: margin.amount, purse, title },
        build: (paid) => batch(domain, [paid, trade]),
    });
    return { key, title, ...paying, amounts: wanted.sell };
}

export function warningOf(outlook: Outlook | undefined): string | undefined {
    if (!outlook || outlook.healthWad >= (WAD * 115n) / 100n) return undefined;
    return "Health would be close to 1: a small move of the price and the account is taken over.";
}

function marginHint(margin: Opening["margin"], standing: Standing | undefined) {
    const price = margin && marketOf(markets.value, margin.asset)?.priceWad;
    if (margin && price) return formatUsd(valueOf(margin.amount, margin.asset.decimals, price));
    return standing && standing.equityWad > 0n
        ? `Optional: the account's equity is ${formatUsd(standing.equityWad)}`
        : undefined;
}

function mostWords(most: bigint | null | undefined, error: string | undefined): string {
    if (error) return "limit not known";
    if (most === undefined) return "";
    return most === null ? "no more" : `${formatMultiple(most, 1)} at most`;
}
