/** Closing a position, all of it or a part: what is held is sold, what is owed is bought back. */

import { useEffect, useState } from "preact/hooks";
import type { Address, Hex } from "viem";
import { account } from "../../chain/accounts";
import { ALL, batch, swap, withdraw } from "../../chain/calls";
import type { Asset } from "../../chain/domain";
import { sentHome } from "../../chain/home";
import { useOutlook } from "../../chain/outlook";
import { useQuote, type Quote, type Trade } from "../../chain/quotes";
import { session, type Session } from "../../chain/session";
import type { Position, Standing } from "../../chain/standing";
import { formatAmount } from "../../lib/format";
import { boundOf, closing } from "../../lib/leverage";
import { abs, WAD } from "../../lib/units";
import { go } from "../../router";
import type { Plan } from "../../wallet/transact";
import { address } from "../../wallet/wallet";
import { Action, usePreview } from "../../ui/action";
import { Button } from "../../ui/button";
import { Row } from "../../ui/card";
import { Check } from "../../ui/check";
import { Select, Slider } from "../../ui/field";
import { OutlookRows } from "../../ui/standing";
import { Empty, Note, Skeleton } from "../../ui/state";
import { FillDetails, FillRows } from "./fill";
import { MOST_LOSS, type TicketProps } from "./open";
import { SLIPPAGES, SlippageField, slippageOf, type Slippage } from "../../ui/slippage";

interface CloseProps extends TicketProps {
    asset: Asset;
    onAsset: (asset: Asset) => void;
}

export function CloseTicket(props: CloseProps) {
    const { standing, asset } = props;
    const { settlement } = session.value!.domain;
    if (!address.value) {
        return (
            <Empty title="No wallet connected" icon="wallet">
                Connect one to close what its accounts hold.
            </Empty>
        );
    }
    if (!standing) return <Skeleton height="14rem" />;
    const open = standing.positions.filter((position) => position.asset.id !== settlement.id);
    const first = open[0];
    if (!first) {
        return (
            <Empty
                title="No position to close"
                icon="trade"
                action={<Button onClick={() => go("trade", "long")}>Open one</Button>}
            >
                This account holds and owes nothing but {settlement.symbol}.
            </Empty>
        );
    }
    const chosen = open.find((position) => position.asset.id === asset.id) ?? first;
    return <CloseForm key={chosen.asset.id} {...props} open={open} position={chosen} standing={standing} />;
}

interface FormProps extends CloseProps {
    standing: Standing;
    open: readonly Position[];
    position: Position;
}

function CloseForm({ standing, open, position, onAsset, onOutlook }: FormProps) {
    const current = session.value!;
    const { domain } = current;
    const [percent, setPercent] = useState(100);
    const [slippage, setSlippage] = useState<Slippage>(SLIPPAGES[1]);
    const [home, setHome] = useState(true);
    const { asset } = position;
    const against = counterpart(standing, position, domain.settlement);
    const isWhole = percent === 100;
    const owesBesides = standing.instruments.length > 0 || owes(standing, [asset, against]);
    const { amount, exactOut } = closing(position.amount, (BigInt(percent) * WAD) / 100n);
    const [sell, buy] = exactOut ? [against, asset] : [asset, against];
    const order = amount > 0n ? { sell, buy, amount, exactOut } : null;
    const quote = useQuote(order);
    const takesHome = home && isWhole && !owesBesides;
    const owner = address.value;
    const plan =
        order && quote.data && account.value && owner
            ? planOf(
                  current,
                  account.value,
                  owner,
                  { order, against, position: asset, isWhole, takesHome },
                  quote.data,
                  slippageOf(slippage),
              )
            : null;
    const preview = usePreview(plan);
    const outlook = useOutlook(plan, account.value, changesOf(order, quote.data));
    useEffect(() => onOutlook(outlook), [outlook]);
    useEffect(() => () => onOutlook(undefined), []);
    const sent =
        preview.state === "known" && account.value && owner
            ? sentHome(domain, preview.result, account.value, owner)
            : [];
    const word = exactOut ? "short" : "long";
    return (
        <>
            <Select
                label="Position"
                value={asset.symbol}
                options={open.map((one) => [one.asset.symbol, positionWords(one)] as const)}
                onChange={(symbol) => {
                    const next = open.find((one) => one.asset.symbol === symbol);
                    if (next) onAsset(next.asset);
                }}
                testid="position"
            />
            <Slider
                label="How much of it"
                value={percent}
                min={1}
                max={100}
                step={1}
                format={(value) => `${value}%`}
                onInput={setPercent}
                ends={[formatAmount(order?.amount ?? 0n, asset.decimals, asset.symbol), "all of it"]}
                testid="part"
            />
            <SlippageField value={slippage} onChange={setSlippage} />
            {isWhole && !owesBesides && (
                <Check checked={home} onChange={setHome} testid="home">
                    Send what is left to the wallet
                </Check>
            )}
            {quote.error && <Note tone="warning">{quote.error}</Note>}
            {order && quote.data === null && (
                <Note tone="warning">No Uniswap pools can carry this much; close a part.</Note>
            )}
            {order && quote.data && (
                <FillDetails order={order} quote={quote.data} asset={asset} slippage={slippageOf(slippage)} />
            )}
            <Action
                plan={plan}
                preview={preview}
                label={
                    isWhole ? `Close ${word} ${asset.symbol}` : `Close ${percent}% of ${word} ${asset.symbol}`
                }
                testid="close"
            >
                {order && quote.data && <FillRows order={order} quote={quote.data} />}
                {sent.map((one) => (
                    <Row key={one.asset.id} label="To the wallet" testid={`home-${one.asset.symbol}`}>
                        {formatAmount(one.amount, one.asset.decimals, one.asset.symbol)}
                    </Row>
                ))}
                <OutlookRows before={standing} after={outlook} />
            </Action>
        </>
    );
}

function positionWords({ asset, amount }: Position): string {
    const word = amount < 0n ? "Short" : "Long";
    return `${word} ${formatAmount(abs(amount), asset.decimals, asset.symbol)}`;
}

/** What a position is closed against: the largest balance of the other sign, else the settlement asset. */
function counterpart(standing: Standing, position: Position, settlement: Asset): Asset {
    const others = standing.positions
        .filter(({ asset, amount }) => asset.id !== position.asset.id && amount < 0n !== position.amount < 0n)
        .sort((one, another) => (abs(one.valueWad) < abs(another.valueWad) ? 1 : -1));
    return others[0]?.asset ?? settlement;
}

/** Whether the account owes anything but these. */
function owes(standing: Standing, settled: readonly Asset[]): boolean {
    return standing.positions.some(
        ({ asset, amount }) => amount < 0n && !settled.some(({ id }) => id === asset.id),
    );
}

interface Wanted {
    order: Trade;
    against: Asset;
    position: Asset;
    isWhole: boolean;
    takesHome: boolean;
}

function planOf(
    open: Session,
    id: Hex,
    owner: Address,
    { order, against, position, isWhole, takesHome }: Wanted,
    quote: Quote,
    slippageWad: bigint,
): Plan {
    const { domain } = open;
    const limit = boundOf(order.exactOut ? quote.amountIn : quote.amountOut, slippageWad, order.exactOut);
    const operations = [swap(domain, id, { ...order, limit, path: quote.path, maxLossWad: MOST_LOSS })];
    // What was bought beyond the debt, for the interest until the block.
    if (takesHome && isWhole && order.exactOut) operations.push(withdraw(id, position, ALL, owner));
    if (takesHome) operations.push(withdraw(id, against, ALL, owner));
    const title = `Close ${order.exactOut ? "short" : "long"} ${position.symbol}`;
    return {
        key: `close ${id} ${order.sell.id} ${order.buy.id} ${order.amount} ${limit} ${quote.path.fees} ${takesHome}`,
        title,
        steps: [{ title, call: batch(domain, operations) }],
        amounts: order.sell,
    };
}

function changesOf(order: Trade | null, quote: Quote | null | undefined) {
    if (!order || !quote) return [];
    return [
        { token: order.sell.token, amount: -quote.amountIn },
        { token: order.buy.token, amount: quote.amountOut },
    ];
}
