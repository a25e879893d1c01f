/** Shares of the virtual AMM: deposit, ask to leave, wait, leave within the window. */

import { ammAbi } from "@generated/abi";
import { useState } from "preact/hooks";
import type { Perp } from "../../chain/domain";
import { useQuery } from "../../chain/query";
import { session } from "../../chain/session";
import { readShareStake } from "../../chain/shares";
import { formatAmount, formatCompact, formatDuration, formatFixed } from "../../lib/format";
import { wallet } from "../../wallet/wallet";
import { Card, Row, Rows } from "../../ui/card";
import { EnterForm, LeaveForm, SHARE_DECIMALS, type ShareWords } from "../../ui/exit-shares";
import { Tabs } from "../../ui/field";
import { Note } from "../../ui/state";

type Side = "deposit" | "leave";

const SIDES: readonly (readonly [Side, string])[] = [
    ["deposit", "Deposit"],
    ["leave", "Leave"],
];
const WORDS: ShareWords = {
    place: "the virtual AMM",
    enter: "Deposit",
    field: "You deposit",
    own: "Your share",
    warning: "Shares bear what the AMM loses to traders, also during the cooldown.",
    difference: "Between prices to enter and to leave",
};

export function LiquidityCard({ perp }: { perp: Perp }) {
    const { settlement } = session.value!.domain;
    const [side, setSide] = useState<Side>("deposit");
    const owner = wallet.value?.address;
    const shares = useQuery(`shares ${perp.amm}`, async ({ client }, blockNumber) => {
        const amm = { address: perp.amm, abi: ammAbi, blockNumber } as const;
        const one = 10n ** BigInt(settlement.decimals + SHARE_DECIMALS);
        const [sharePrice, edges, cooldown, window] = await Promise.all([
            client.readContract({ ...amm, functionName: "convertToAssets", args: [one] }),
            client.readContract({ ...amm, functionName: "edges" }),
            client.readContract({ ...amm, functionName: "cooldown" }),
            client.readContract({ ...amm, functionName: "window" }),
        ]);
        return {
            ...{ contract: perp.amm, sharePrice, exitAssets: edges[1] },
            ...{ cooldown: Number(cooldown), window: Number(window) },
        };
    });
    const stake = useQuery(owner ? `share ${perp.amm} ${owner}` : null, (open, block) =>
        readShareStake(open, perp.amm, owner!, block),
    );
    const error = shares.error ?? stake.error;
    const of = shares.data;
    const form = { of, words: WORDS, stake: stake.data, onDone: stake.refresh };
    return (
        <Card title="Provide liquidity" testid="liquidity">
            <div class="form">
                <Tabs label="Deposit or leave" value={side} options={SIDES} onChange={setSide} />
                {error && <Note tone="warning">{error}</Note>}
                {side === "deposit" ? <EnterForm {...form} /> : <LeaveForm {...form} />}
                {of && (
                    <Rows>
                        {stake.data && stake.data.shares > 0n && (
                            <Row label="Your share, to leave with" testid="lp-share">
                                {formatAmount(stake.data.assets, settlement.decimals, settlement.symbol)}
                            </Row>
                        )}
                        <Row label="All shares, to leave with">
                            {formatCompact(of.exitAssets, settlement.decimals, settlement.symbol)}
                        </Row>
                        <Row label="One share is worth">
                            {formatFixed(of.sharePrice, settlement.decimals, 6, settlement.symbol)}
                        </Row>
                        <Row label="Cooldown, then window">
                            {formatDuration(of.cooldown)}, {formatDuration(of.window)}
                        </Row>
                    </Rows>
                )}
            </div>
        </Card>
    );
}
