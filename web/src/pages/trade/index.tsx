/** Trade: the ticket, the chosen asset's price with the prices of liquidation in it, and what the account has. */

import { useEffect } from "preact/hooks";
import type { PageProps } from "..";
import { account } from "../../chain/accounts";
import { watchActivity } from "../../chain/activity";
import { assetBySymbol, type Asset, type Domain } from "../../chain/domain";
import type { Outlook } from "../../chain/outlook";
import { session } from "../../chain/session";
import { useStanding, type Position } from "../../chain/standing";
import { useState } from "preact/hooks";
import { formatHealth, formatUsd } from "../../lib/format";
import { go, href } from "../../router";
import { address } from "../../wallet/wallet";
import { Card, PageHead, Stat, Stats } from "../../ui/card";
import { Tabs } from "../../ui/field";
import { AccountPicker, Positions, toneOfHealth } from "../../ui/standing";
import { Empty, Note, Skeleton } from "../../ui/state";
import "../../styles/trading.css";
import { CloseTicket } from "./close";
import { FUNDS, FundsTicket, type Funds } from "./funds";
import { OpenTicket } from "./open";
import { PriceCard } from "./price";

type Kind = "open" | "close" | "funds";
const KINDS: readonly (readonly [Kind, string])[] = [
    ["open", "Open"],
    ["close", "Close"],
    ["funds", "Funds"],
];

/** What the address says: #/trade/short/WBTC, #/trade/close/WETH, #/trade/borrow/DAI. */
interface Place {
    kind: Kind;
    side: "long" | "short";
    funds: Funds;
    asset: Asset;
}

export function TradePage({ path }: PageProps) {
    const { domain } = session.value!;
    const place = placeOf(domain, path);
    const standing = useStanding(account.value);
    const [outlook, setOutlook] = useState<Outlook>();
    useEffect(watchActivity, []);
    const ticket = { standing: standing.data, onOutlook: setOutlook };
    return (
        <>
            <PageHead title="Trade">
                Every trade is one transaction, judged as a whole. What it does to the account is simulated
                before the wallet is asked.
            </PageHead>
            <div class="trade">
                <section class="card ticket" aria-label="Ticket">
                    <div class="form">
                        <Tabs
                            label="What to do"
                            value={place.kind}
                            options={KINDS}
                            onChange={(kind) => go(...addressOf(kind, place))}
                        />
                        {place.kind === "open" && (
                            <OpenTicket
                                {...ticket}
                                side={place.side}
                                asset={place.asset}
                                onPlace={(side, asset) => go("trade", side, asset.symbol)}
                            />
                        )}
                        {place.kind === "close" && (
                            <CloseTicket
                                {...ticket}
                                asset={place.asset}
                                onAsset={(asset) => go("trade", "close", asset.symbol)}
                            />
                        )}
                        {place.kind === "funds" && (
                            <FundsTicket
                                {...ticket}
                                funds={place.funds}
                                asset={place.asset}
                                onPlace={(funds, asset) => go("trade", funds, asset.symbol)}
                            />
                        )}
                    </div>
                </section>
                <div class="stack trade-rest">
                    <PriceCard
                        asset={priced(domain, place.asset)}
                        standing={standing.data}
                        outlook={outlook}
                    />
                    <AccountCard standing={standing} />
                </div>
            </div>
        </>
    );
}

function placeOf(domain: Domain, path: readonly string[]): Place {
    const [word = "long", symbol] = path;
    const isFunds = FUNDS.some(([key]) => key === word);
    const kind = isFunds ? "funds" : word === "close" ? "close" : "open";
    const asset =
        (symbol && assetBySymbol(domain, symbol)) || (isFunds ? domain.settlement : firstRisky(domain));
    return {
        kind,
        side: word === "short" ? "short" : "long",
        funds: isFunds ? (word as Funds) : "deposit",
        asset: kind === "open" && asset.id === domain.settlement.id ? firstRisky(domain) : asset,
    };
}

function addressOf(kind: Kind, { asset, side }: Place): string[] {
    if (kind === "open") return ["trade", side, asset.symbol];
    return kind === "close" ? ["trade", "close", asset.symbol] : ["trade", "deposit"];
}

function firstRisky(domain: Domain): Asset {
    return (
        domain.assets.find((asset) => asset.underlying !== domain.settlement.underlying) ?? domain.settlement
    );
}

function priced(domain: Domain, asset: Asset): Asset {
    return asset.id === domain.settlement.id ? firstRisky(domain) : asset;
}

function AccountCard({ standing }: { standing: ReturnType<typeof useStanding> }) {
    const { data, error } = standing;
    if (!address.value) {
        return (
            <Card title="Account">
                <Empty title="No wallet connected" icon="wallet">
                    Connect one to see what its accounts hold. Prices and quotes are there without.
                </Empty>
            </Card>
        );
    }
    return (
        <Card title={<a href={href("account")}>Account</a>} aside={<AccountPicker />} testid="trade-account">
            <div class="stack">
                {error && <Note tone="warning">{error}</Note>}
                {!data && !error && <Skeleton height="4rem" />}
                {data && (
                    <Stats>
                        <Stat label="Equity">{formatUsd(data.equityWad)}</Stat>
                        <Stat
                            label="Health"
                            tone={data.positions.length ? toneOfHealth(data.healthWad) : "plain"}
                            testid="health"
                        >
                            {data.positions.length ? formatHealth(data.healthWad) : "–"}
                        </Stat>
                        <Stat label="Free margin" detail="above the initial requirement">
                            {formatUsd(data.freeWad)}
                        </Stat>
                        <Stat label="Debt">{formatUsd(data.debtWad)}</Stat>
                    </Stats>
                )}
                {data && data.positions.length > 0 && (
                    <div class="bleed">
                        <Positions standing={data} short action={closeLink} />
                    </div>
                )}
                {data && data.positions.length === 0 && (
                    <p class="muted">Empty. Open a position with margin from the wallet, or deposit first.</p>
                )}
            </div>
        </Card>
    );
}

function closeLink({ asset, amount }: Position) {
    const { settlement } = session.value!.domain;
    if (asset.id === settlement.id) {
        const [word, text] =
            amount < 0n ? (["repay", "Repay"] as const) : (["withdraw", "Withdraw"] as const);
        return <a href={href("trade", word, asset.symbol)}>{text}</a>;
    }
    return <a href={href("trade", "close", asset.symbol)}>Close</a>;
}
