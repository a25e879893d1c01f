/** Deposit, withdraw, borrow and repay: one asset, one amount. */

import { lensAbi } from "@generated/abi";
import { useEffect, useState } from "preact/hooks";
import type { Address, Hex } from "viem";
import { account } from "../../chain/accounts";
import { ALL, batch, borrow, depositNative, repay, withdraw, withdrawNative } from "../../chain/calls";
import { assetByToken, type Asset } from "../../chain/domain";
import { marketOf, markets, usd } from "../../chain/markets";
import { useOutlook } from "../../chain/outlook";
import { useQuery } from "../../chain/query";
import { session, type Session } from "../../chain/session";
import { positionIn, type Standing } from "../../chain/standing";
import { formatAmount, formatPercent, formatUsd } from "../../lib/format";
import { closing } from "../../lib/leverage";
import { max, min, WAD } from "../../lib/units";
import { meansOf, payingSteps, usePurse, type Purse } from "../../wallet/payment";
import type { Plan } from "../../wallet/transact";
import { address, wallet } from "../../wallet/wallet";
import { Action, usePreview } from "../../ui/action";
import { Row } from "../../ui/card";
import { Check } from "../../ui/check";
import { AmountField, checkAmount, Select, Tabs } from "../../ui/field";
import { OutlookRows } from "../../ui/standing";
import { Note } from "../../ui/state";
import { warningOf, type TicketProps } from "./open";

export type Funds = "deposit" | "withdraw" | "borrow" | "repay";

export const FUNDS: readonly (readonly [Funds, string])[] = [
    ["deposit", "Deposit"],
    ["withdraw", "Withdraw"],
    ["borrow", "Borrow"],
    ["repay", "Repay"],
];

/** Left in the wallet when all native tokens are deposited, for gas. */
const GAS_RESERVE = WAD / 100n;

interface FundsProps extends TicketProps {
    funds: Funds;
    asset: Asset;
    onPlace: (funds: Funds, asset: Asset) => void;
}

export function FundsTicket(props: FundsProps) {
    const { funds, asset, onPlace } = props;
    const { domain } = session.value!;
    const choices = domain.assets.filter(
        ({ pool }) => pool !== null || funds === "deposit" || funds === "withdraw",
    );
    return (
        <>
            <Tabs label="Funds" value={funds} options={FUNDS} onChange={(next) => onPlace(next, asset)} />
            <Select
                label="Asset"
                value={asset.symbol}
                options={choices.map(({ symbol, name }) => [symbol, `${symbol} · ${name}`] as const)}
                onChange={(symbol) =>
                    onPlace(funds, choices.find((choice) => choice.symbol === symbol) ?? asset)
                }
                testid="asset"
            />
            <FundsForm key={`${funds} ${asset.id}`} {...props} />
        </>
    );
}

interface Limits {
    most: bigint;
    label: string;
    tooMuch: string;
}

function FundsForm({ funds, asset, standing, onOutlook }: FundsProps) {
    const open = session.value!;
    const [text, setText] = useState("");
    const [isNative, setNative] = useState(false);
    const purse = usePurse(asset);
    const reach = useReach(funds, asset);
    const wraps =
        open.domain.wrappedNative && assetByToken(open.domain, open.domain.wrappedNative)?.id === asset.id;
    const native = Boolean(wraps && isNative && (funds === "deposit" || funds === "withdraw"));
    const symbol = native ? "ETH" : asset.symbol;
    const held = positionIn(standing, asset).amount;
    const limits = limitsOf(funds, asset, { held, native, purse: purse.data, reach: reach.data });
    const amount = checkAmount(text, asset.decimals, limits?.most, limits?.tooMuch);
    const plan =
        amount.ok && account.value && address.value && purse.data
            ? planOf(open, account.value, address.value, {
                  funds,
                  asset,
                  native,
                  held,
                  amount: amount.value,
                  purse: purse.data,
              })
            : null;
    const preview = usePreview(plan);
    const outlook = useOutlook(plan, account.value, amount.ok ? changesOf(funds, asset, amount.value) : []);
    useEffect(() => onOutlook(outlook), [outlook]);
    useEffect(() => () => onOutlook(undefined), []);
    const market = marketOf(markets.value, asset);
    const title = FUNDS.find(([key]) => key === funds)![1];
    const means =
        plan && purse.data && amount.ok && pays(funds) && !native ? meansOf(purse.data, amount.value) : null;
    return (
        <>
            <AmountField
                label="Amount"
                symbol={symbol}
                decimals={asset.decimals}
                value={text}
                onInput={setText}
                most={limits?.most}
                mostLabel={limits?.label}
                tooMuch={limits?.tooMuch}
                hint={amount.ok ? formatUsd(usd(market, amount.value)) : undefined}
                testid="amount"
            />
            {wraps && (funds === "deposit" || funds === "withdraw") && (
                <Check checked={isNative} onChange={setNative} testid="native">
                    {funds === "deposit"
                        ? `Wrap ether from the wallet into ${asset.symbol}`
                        : "Unwrap to ether"}
                </Check>
            )}
            {reach.error && <Note tone="warning">{reach.error}</Note>}
            {funds === "repay" && standing && held >= 0n && <Note>This account owes no {asset.symbol}.</Note>}
            <Action
                plan={plan}
                preview={preview}
                label={means === "approval" ? `Approve and ${title.toLowerCase()}` : title}
                warning={funds === "deposit" || funds === "repay" ? undefined : warningOf(outlook)}
                onDone={() => {
                    setText("");
                    purse.refresh();
                    reach.refresh();
                }}
            >
                {plan && amount.ok && (
                    <BalanceRow funds={funds} asset={asset} standing={standing} amount={amount.value} />
                )}
                {funds === "borrow" && market?.pool && (
                    <Row label="Interest">{formatPercent(market.pool.borrowApyWad)} a year, variable</Row>
                )}
                <OutlookRows before={standing} after={outlook} />
            </Action>
            {means === "permit" && (
                <Note>You sign a permit for exactly this amount; no approval is needed.</Note>
            )}
            {means === "approval" && (
                <Note>Two transactions: an approval of exactly this amount, then this one.</Note>
            )}
        </>
    );
}

function BalanceRow({
    funds,
    asset,
    standing,
    amount,
}: {
    funds: Funds;
    asset: Asset;
    standing: Standing | undefined;
    amount: bigint;
}) {
    const now = positionIn(standing, asset).amount;
    const then = now + (pays(funds) ? amount : -amount);
    return (
        <Row label="Balance" after={formatAmount(then, asset.decimals, asset.symbol)} testid="balance-after">
            {formatAmount(now, asset.decimals)}
        </Row>
    );
}

function pays(funds: Funds): boolean {
    return funds === "deposit" || funds === "repay";
}

/** What may leave the account, or how much ether the wallet has. */
function useReach(funds: Funds, asset: Asset) {
    const id = account.value;
    const owner = wallet.value?.address;
    const key = id && owner ? `reach ${funds} ${id} ${asset.id}` : null;
    return useQuery(key, async ({ client, domain }, blockNumber) => {
        if (pays(funds)) return client.getBalance({ address: owner!, blockNumber });
        return client.readContract({
            address: domain.lens,
            abi: lensAbi,
            functionName: funds === "borrow" ? "maxBorrowable" : "maxWithdrawable",
            args: [id!, asset.token],
            blockNumber,
        });
    });
}

interface Known {
    held: bigint;
    native: boolean;
    purse: Purse | undefined;
    reach: bigint | undefined;
}

function limitsOf(funds: Funds, asset: Asset, { held, native, purse, reach }: Known): Limits | null {
    const shown = (value: bigint) => formatAmount(value, asset.decimals, asset.symbol);
    if (reach === undefined || !purse) return null;
    switch (funds) {
        case "deposit": {
            const most = native ? max(0n, reach - GAS_RESERVE) : purse.balance;
            const tooMuch = native
                ? `The wallet can spare ${formatAmount(most, 18, "ETH")}`
                : `The wallet holds ${shown(most)}`;
            return { most, label: "Wallet", tooMuch };
        }
        case "withdraw":
            return {
                most: reach,
                label: "Free",
                tooMuch:
                    held > reach
                        ? `${shown(reach)} can leave: the rest backs the account's debt`
                        : `The account holds ${shown(reach)}`,
            };
        case "borrow":
            return { most: reach, label: "At most", tooMuch: `The account may borrow up to ${shown(reach)}` };
        case "repay": {
            const owed = max(0n, -held);
            const most = min(owed, purse.balance);
            const tooMuch =
                owed <= purse.balance
                    ? `The account owes ${shown(owed)}`
                    : `The wallet holds ${shown(purse.balance)}`;
            return { most, label: owed <= purse.balance ? "All" : "Wallet", tooMuch };
        }
    }
}

interface Wanted {
    funds: Funds;
    asset: Asset;
    native: boolean;
    held: bigint;
    amount: bigint;
    purse: Purse;
}

function planOf(open: Session, id: Hex, owner: Address, wanted: Wanted): Plan {
    const { domain } = open;
    const { funds, asset, native, held, amount, purse } = wanted;
    const shown = formatAmount(amount, asset.decimals, native ? "ETH" : asset.symbol);
    const title = `${FUNDS.find(([key]) => key === funds)![1]} ${shown}`;
    const plan = {
        key: `${funds} ${id} ${asset.id} ${native} ${amount} ${purse.allowance}`,
        title,
        amounts: asset,
    };
    const one = (data: Hex, value?: bigint): Plan => ({
        ...plan,
        steps: [{ title, call: batch(domain, [data], value) }],
    });
    switch (funds) {
        case "deposit":
            return native ? one(depositNative(id), amount) : { ...plan, ...paid(amount) };
        case "withdraw":
            if (native) return one(withdrawNative(id, amount, owner));
            return one(withdraw(id, asset, amount === held ? ALL : amount, owner));
        case "borrow":
            return one(borrow(id, asset, amount, owner));
        case "repay":
            return repayment();
    }

    function paid(sum: bigint) {
        return payingSteps({
            ...{ session: open, account: id, asset, amount: sum, purse, title },
            build: (operation) => batch(domain, [operation]),
        });
    }

    /** All of it with a little for the interest until the block; what is over stays in the wallet, or in the account. */
    function repayment(): Plan {
        const sum = amount === -held ? min(closing(held, WAD).amount, purse.balance) : amount;
        if (meansOf(purse, sum) === "permit") return { ...plan, ...paid(sum) };
        const call = batch(domain, [repay(id, asset, sum)]);
        const { steps } = paid(sum);
        return { ...plan, steps: [...steps.slice(0, -1), { title, call }] };
    }
}

function changesOf(funds: Funds, asset: Asset, amount: bigint) {
    return [{ token: asset.token, amount: pays(funds) ? amount : -amount }];
}
