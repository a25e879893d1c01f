/** Perpetuals: a market's prices, book, depth and funding, the account's position and orders, the ticket, LP shares. */

import { useEffect } from "preact/hooks";
import type { PageProps } from "..";
import { account } from "../../chain/accounts";
import { watchActivity } from "../../chain/activity";
import { perpByName, type Perp } from "../../chain/domain";
import { useMatcher } from "../../chain/matcher";
import { usePerpHistory } from "../../chain/perp-history";
import { usePerp, usePosition } from "../../chain/perps";
import { session } from "../../chain/session";
import { useStanding } from "../../chain/standing";
import { go } from "../../router";
import { PageHead } from "../../ui/card";
import { AccountPicker } from "../../ui/standing";
import { Empty, Note } from "../../ui/state";
import "../../styles/trading.css";
import "../../styles/perps.css";
import { BookCard } from "./book";
import { DepthCard } from "./depth";
import { FundingCard } from "./funding";
import { LiquidityCard } from "./liquidity";
import { OrdersCard } from "./orders";
import { PositionCard } from "./position";
import { Prices } from "./prices";
import { PerpTicket } from "./ticket";
import { TradesCard } from "./trades";

export function PerpsPage({ path }: PageProps) {
    const { domain } = session.value!;
    const perp = (path[0] && perpByName(domain, path[0])) || domain.perps[0];
    return (
        <>
            <div class="account-head">
                <PageHead title="Perpetuals">
                    Futures without an end in the same account as everything else, traded with the virtual AMM
                    or by signed orders.
                </PageHead>
                {perp && domain.perps.length > 1 && (
                    <label class="picker">
                        <span class="hidden">Market</span>
                        <select
                            class="select"
                            value={perp.name}
                            onChange={(event) => go("perps", event.currentTarget.value)}
                            data-testid="perp"
                        >
                            {domain.perps.map(({ name }) => (
                                <option key={name} value={name}>
                                    {name}
                                </option>
                            ))}
                        </select>
                    </label>
                )}
                <AccountPicker />
            </div>
            {perp && domain.perpLens && <Market key={perp.market} perp={perp} />}
            {!perp && (
                <div class="card">
                    <Empty title="No perpetual markets">None is deployed on this chain.</Empty>
                </div>
            )}
            {perp && !domain.perpLens && (
                <Note tone="warning">
                    The deployments file has no perp_lens, which shows positions. Add it with `make deploy`.
                </Note>
            )}
        </>
    );
}

function Market({ perp }: { perp: Perp }) {
    const state = usePerp(perp);
    const id = account.value;
    const position = usePosition(perp, id);
    const standing = useStanding(id);
    const history = usePerpHistory(perp);
    useMatcher(perp);
    useEffect(watchActivity, []);
    const known = { perp, state: state.data, position: position.data, standing: standing.data };
    return (
        <>
            <Prices perp={perp} state={state} />
            <div class="trade">
                <div class="ticket stack">
                    <PerpTicket {...known} />
                    <LiquidityCard perp={perp} />
                </div>
                <div class="stack trade-rest">
                    <PositionCard {...known} error={position.error ?? standing.error} />
                    <div class="perp-pair">
                        <BookCard perp={perp} state={state.data} />
                        <DepthCard perp={perp} state={state} />
                    </div>
                    <OrdersCard perp={perp} />
                    <FundingCard perp={perp} history={history} />
                    <TradesCard perp={perp} history={history} />
                </div>
            </div>
        </>
    );
}
