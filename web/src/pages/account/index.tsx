/** Account: what it holds and owes, how far it is from being taken over, its siblings and its operators. */

import { useEffect } from "preact/hooks";
import type { Hex } from "viem";
import type { PageProps } from "..";
import { account, isOwner, openDraft } from "../../chain/accounts";
import { ledgerError, watchActivity } from "../../chain/activity";
import { useBooks } from "../../chain/portfolio";
import { session } from "../../chain/session";
import { useIsolated, useStanding, type Position, type Standing } from "../../chain/standing";
import { indexOf, ownerOf } from "../../lib/account";
import { formatUsd } from "../../lib/format";
import { go, href } from "../../router";
import { choosing } from "../../wallet/wallet";
import { PriceBadge } from "../../ui/band";
import { Button } from "../../ui/button";
import { Badge, Card, PageHead, Row, Rows } from "../../ui/card";
import { HealthGauge } from "../../ui/gauge";
import { AccountPicker, Positions } from "../../ui/standing";
import { Empty, Note, Skeleton } from "../../ui/state";
import "../../styles/trading.css";
import "../../styles/options.css";
import { ModeCard } from "./mode";
import { OperatorsCard } from "./operators";
import { GreeksCard, PayoffCard } from "./payoff";
import { ScenariosCard } from "./scenarios";
import { SubAccountsCard } from "./subaccounts";

export function AccountPage(_: PageProps) {
    const id = account.value;
    const standing = useStanding(id);
    useEffect(watchActivity, []);
    if (!id) {
        return (
            <>
                <PageHead title="Account" />
                <Card>
                    <Empty
                        title="No wallet connected"
                        icon="wallet"
                        action={<Button onClick={() => (choosing.value = true)}>Connect a wallet</Button>}
                    >
                        An account belongs to an address: connect it to see what it holds, what it owes and
                        how safe it is.
                    </Empty>
                </Card>
            </>
        );
    }
    return (
        <>
            <div class="account-head">
                <PageHead title="Account" />
                <AccountPicker />
                <Button kind="quiet" onClick={() => openDraft()} testid="new-account">
                    New sub-account
                </Button>
            </div>
            {standing.error && <Note tone="warning">{standing.error}</Note>}
            {ledgerError.value && (
                <Note tone="warning">
                    Other accounts and operators cannot be listed now: {ledgerError.value}
                </Note>
            )}
            <div class="grid-side account-grid">
                <div class="stack">
                    <HoldingsCard standing={standing.data} />
                    {standing.data && <RiskCards key={id} id={id} standing={standing.data} />}
                    <SubAccountsCard />
                    <OperatorsCard id={id} />
                </div>
                <div class="stack">
                    <SafetyCard standing={standing.data} />
                    {standing.data && session.value!.domain.portfolioMode && (
                        <ModeCard key={id} id={id} standing={standing.data} />
                    )}
                </div>
            </div>
        </>
    );
}

/** Greeks, payoff and margin grid, of an account that moves with any price. */
function RiskCards({ id, standing }: { id: Hex; standing: Standing }) {
    const books = useBooks(id, standing);
    if (books.error) return <Note tone="warning">{books.error}</Note>;
    const { domain } = session.value!;
    const moving = books.data?.filter(({ underlying }) => underlying !== domain.settlement.underlying);
    if (!books.data || !moving || moving.length === 0) return null;
    return (
        <>
            <GreeksCard books={books.data} />
            {domain.portfolioMode && <ScenariosCard id={id} standing={standing} />}
            {moving.map((book) => (
                <PayoffCard key={book.name} book={book} />
            ))}
        </>
    );
}

function HoldingsCard({ standing }: { standing: Standing | undefined }) {
    const id = account.value!;
    if (!standing) {
        return (
            <Card title="Balances and debts">
                <Skeleton height="8rem" />
            </Card>
        );
    }
    if (standing.positions.length === 0) {
        return (
            <Card title="Balances and debts">
                <Empty
                    title={
                        indexOf(id) === 0n
                            ? "Nothing in this account yet"
                            : `Sub-account ${indexOf(id)} is empty`
                    }
                    icon="account"
                    action={
                        <span class="actions">
                            <Button onClick={() => go("trade", "deposit")}>Deposit</Button>
                            <Button kind="quiet" onClick={() => go("trade", "long")}>
                                Open a position
                            </Button>
                        </span>
                    }
                >
                    Each account stands alone: what happens in one cannot reach another.
                </Empty>
            </Card>
        );
    }
    return (
        <Card
            class="card-flush"
            title="Balances and debts"
            aside={<a href={href("trade", "deposit")}>Deposit or withdraw</a>}
        >
            <Positions standing={standing} action={actionsOf} />
        </Card>
    );
}

function actionsOf({ asset, amount }: Position) {
    const [word, text] = amount < 0n ? (["repay", "Repay"] as const) : (["withdraw", "Withdraw"] as const);
    return <a href={href("trade", word, asset.symbol)}>{text}</a>;
}

function SafetyCard({ standing }: { standing: Standing | undefined }) {
    const id = account.value!;
    const isolated = useIsolated().data;
    if (!standing) {
        return (
            <Card title="Health">
                <Skeleton height="14rem" />
            </Card>
        );
    }
    const isIsolated = standing.positions.some(({ asset, amount }) => amount > 0n && isolated?.has(asset.id));
    const owes = standing.debtWad > 0n || standing.maintenanceWad > 0n;
    return (
        <Card
            title="Health"
            aside={<ModeBadge isIsolated={isIsolated} isPortfolio={standing.isPortfolio} />}
            testid="safety"
        >
            <div class="stack">
                {owes ? (
                    <HealthGauge healthWad={standing.healthWad} />
                ) : (
                    <p class="calm">
                        {standing.positions.length === 0
                            ? "Empty, so nothing is required of it."
                            : "No debt: nothing is required, and nobody may take it over."}
                    </p>
                )}
                <Rows>
                    <Row label="Equity" testid="equity">
                        {formatUsd(standing.equityWad)}
                    </Row>
                    <Row label="Debt">{formatUsd(standing.debtWad)}</Row>
                    <Row label="Initial requirement" testid="initial">
                        {formatUsd(standing.initialWad)}
                    </Row>
                    <Row label="Maintenance requirement" testid="maintenance">
                        {formatUsd(standing.maintenanceWad)}
                    </Row>
                    <Row label="Uncertainty of prices">{formatUsd(standing.uncertaintyWad)}</Row>
                    <Row label="Free margin" testid="free">
                        {formatUsd(standing.freeWad)}
                    </Row>
                    <Row label="Prices">
                        <PriceBadge status={standing.status} />
                    </Row>
                    <Row label="Owner">
                        <span class="mono" title={ownerOf(id)}>
                            {ownerOf(id).slice(0, 10)}…{ownerOf(id).slice(-6)}
                        </span>
                    </Row>
                </Rows>
                {!isOwner.value && (
                    <Note>You operate this account for its owner; operators are his to set.</Note>
                )}
            </div>
        </Card>
    );
}

function ModeBadge({ isIsolated, isPortfolio }: { isIsolated: boolean; isPortfolio: boolean }) {
    if (isPortfolio) {
        return (
            <span title="All positions at the worst point of one grid">
                <Badge tone="accent">Portfolio margin</Badge>
            </span>
        );
    }
    return isIsolated ? (
        <Badge tone="warning">Isolated margin</Badge>
    ) : (
        <span title="Each position on its own worst shock, nothing netted">
            <Badge tone="accent">Standard margin</Badge>
        </span>
    );
}
