/** Which model margins the account, and switching it, with what either requires. */

import type { Hex } from "viem";
import { batch } from "../../chain/calls";
import { switchMode, useBothModels } from "../../chain/portfolio";
import { session } from "../../chain/session";
import { useIsolated, type Standing } from "../../chain/standing";
import { formatUsd } from "../../lib/format";
import { Action, usePreview } from "../../ui/action";
import { Badge, Card } from "../../ui/card";
import { Note, Skeleton } from "../../ui/state";
import type { Plan } from "../../wallet/transact";

export function ModeCard({ id, standing }: { id: Hex; standing: Standing }) {
    const { domain } = session.value!;
    const models = useBothModels(id);
    const isPortfolio = standing.isPortfolio;
    const title = isPortfolio ? "Back to standard margin" : "Switch to portfolio margin";
    const plan: Plan = {
        key: `mode ${id} ${!isPortfolio}`,
        title,
        steps: [{ title, call: batch(domain, [switchMode(domain, id, !isPortfolio)]) }],
        amounts: domain.settlement,
    };
    const preview = usePreview(plan);
    const known = models.data;
    const tiers = useIsolated().data;
    const isolated = standing.positions
        .filter(({ asset, amount }) => amount > 0n && tiers?.has(asset.id))
        .map(({ asset }) => asset.symbol);
    const rows =
        known &&
        ([
            ["Initial requirement", known.standard.initialWad, known.portfolio.initialWad, "initial"],
            [
                "Maintenance requirement",
                known.standard.maintenanceWad,
                known.portfolio.maintenanceWad,
                "maintenance",
            ],
            ["Equity", known.standard.equityWad, known.portfolio.equityWad, "equity"],
        ] as const);
    const next = known && (isPortfolio ? known.standard : known.portfolio);
    return (
        <Card
            title="Margin mode"
            aside={<Badge tone="accent">{isPortfolio ? "Portfolio margin" : "Standard margin"}</Badge>}
            testid="mode"
        >
            <div class="stack">
                <p class="muted">
                    Standard margin asks of each position what it may lose by itself; portfolio margin asks
                    what all of it may lose together, in the worst of the points below.
                </p>
                {models.error && <Note tone="warning">{models.error}</Note>}
                {!rows && !models.error && <Skeleton height="6rem" />}
                {rows && (
                    <table class="models">
                        <caption class="hidden">What either model requires now</caption>
                        <thead>
                            <tr>
                                <td />
                                <th scope="col" class={isPortfolio ? undefined : "models-now"}>
                                    Standard
                                </th>
                                <th scope="col" class={isPortfolio ? "models-now" : undefined}>
                                    Portfolio
                                </th>
                            </tr>
                        </thead>
                        <tbody>
                            {rows.map(([label, standard, portfolio, key]) => (
                                <tr key={key}>
                                    <th scope="row">{label}</th>
                                    <td data-testid={`standard-${key}`}>{formatUsd(standard)}</td>
                                    <td data-testid={`portfolio-${key}`}>{formatUsd(portfolio)}</td>
                                </tr>
                            ))}
                        </tbody>
                    </table>
                )}
                {isolated.length > 0 && (
                    <Note tone="warning">
                        {isolated.join(", ")} is isolated collateral: as a portfolio it counts for nothing.
                    </Note>
                )}
                {next && !next.covers && (
                    <Note tone="warning">
                        The account does not cover what {isPortfolio ? "standard" : "portfolio"} margin
                        requires of new risk.
                    </Note>
                )}
                <Action
                    plan={plan}
                    preview={preview}
                    label={title}
                    kind={isPortfolio ? "quiet" : "primary"}
                    testid="switch-mode"
                />
            </div>
        </Card>
    );
}
