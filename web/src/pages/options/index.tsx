/** Options: the chain by expiry, the account's positions, signed offers made and taken, settlement prices. */

import { useEffect, useState } from "preact/hooks";
import type { PageProps } from "..";
import { account } from "../../chain/accounts";
import { watchActivity } from "../../chain/activity";
import { optionByName, type OptionMarket } from "../../chain/domain";
import { useOptionAccount, useOptions } from "../../chain/options";
import { session } from "../../chain/session";
import { useStanding } from "../../chain/standing";
import type { Leg } from "../../lib/options";
import { go } from "../../router";
import { PageHead } from "../../ui/card";
import { AccountPicker } from "../../ui/standing";
import { Empty, Note } from "../../ui/state";
import "../../styles/trading.css";
import "../../styles/options.css";
import { ChainCard } from "./chain";
import { OptionPositions } from "./positions";
import { SettledCard } from "./settled";
import { OptionTicket } from "./ticket";

const MOST_LEGS = 8;

export function OptionsPage({ path }: PageProps) {
    const { domain } = session.value!;
    const market = (path[0] && optionByName(domain, path[0])) || domain.options[0];
    return (
        <>
            <div class="account-head">
                <PageHead title="Options">
                    European calls and puts, settled in cash, in the same account as everything else; traded
                    by signed offers.
                </PageHead>
                {market && domain.options.length > 1 && (
                    <label class="picker">
                        <span class="hidden">Market</span>
                        <select
                            class="select"
                            value={market.name}
                            onChange={(event) => go("options", event.currentTarget.value)}
                            data-testid="option-market"
                        >
                            {domain.options.map(({ name }) => (
                                <option key={name} value={name}>
                                    {name}
                                </option>
                            ))}
                        </select>
                    </label>
                )}
                <AccountPicker />
            </div>
            {market && domain.optionLens && <Market key={market.market} market={market} />}
            {!market && (
                <div class="card">
                    <Empty title="No option markets">None is deployed on this chain.</Empty>
                </div>
            )}
            {market && !domain.optionLens && (
                <Note tone="warning">
                    The deployments file has no option_lens, which shows chains. Add it with `make deploy`.
                </Note>
            )}
        </>
    );
}

function Market({ market }: { market: OptionMarket }) {
    const state = useOptions(market);
    const id = account.value;
    const held = useOptionAccount(market, id);
    const standing = useStanding(id);
    const [legs, setLegs] = useState<readonly Leg[]>([]);
    useEffect(watchActivity, []);
    const toggle = (series: bigint) =>
        setLegs((old) =>
            old.some((leg) => leg.series === series)
                ? old.filter((leg) => leg.series !== series)
                : [...old, { series, ratio: 1n }].slice(-MOST_LEGS),
        );
    const known = { market, state: state.data, held: held.data, standing: standing.data };
    return (
        <div class="trade options">
            <div class="ticket stack">
                <OptionTicket {...known} legs={legs} setLegs={setLegs} />
            </div>
            <div class="stack trade-rest">
                {state.error && <Note tone="warning">{state.error}</Note>}
                <ChainCard {...known} legs={legs} onSeries={toggle} />
                <OptionPositions {...known} error={held.error} />
                <SettledCard market={market} state={state.data} />
            </div>
        </div>
    );
}
