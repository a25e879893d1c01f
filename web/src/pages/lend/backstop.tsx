/** The backstop: stake, ask to leave, wait, leave within the window. */

import { useState } from "preact/hooks";
import { markets } from "../../chain/markets";
import type { Query } from "../../chain/query";
import { session } from "../../chain/session";
import { formatDuration, formatFixed } from "../../lib/format";
import { Card, Row, Rows } from "../../ui/card";
import { EnterForm, LeaveForm, type ShareWords } from "../../ui/exit-shares";
import { Tabs } from "../../ui/field";
import { Icon } from "../../ui/icon";
import type { Stakes } from "./stakes";

type Side = "stake" | "leave";

const SIDES: readonly (readonly [Side, string])[] = [
    ["stake", "Stake"],
    ["leave", "Leave"],
];
const WORDS: ShareWords = {
    place: "the backstop",
    enter: "Stake",
    field: "You stake",
    own: "Your stake",
    warning: "A stake pays for shortfalls first, and stays at risk during the cooldown.",
    difference: "For reserves not sold yet",
};

export function BackstopPanel({ stakes }: { stakes: Query<Stakes> }) {
    const [side, setSide] = useState<Side>("stake");
    const { settlement, backstop } = session.value!.domain;
    const state = markets.value?.backstop;
    const form = {
        of: state && { contract: backstop, ...state },
        words: WORDS,
        stake: stakes.data?.backstop,
        onDone: stakes.refresh,
    };
    return (
        <Card
            title={
                <span class="asset">
                    <Icon name="shield" size={22} /> Backstop
                </span>
            }
            testid="backstop-panel"
        >
            <div class="form">
                <Tabs label="Stake or leave" value={side} options={SIDES} onChange={setSide} />
                {side === "stake" ? <EnterForm {...form} /> : <LeaveForm {...form} />}
                {state && (
                    <Rows>
                        <Row label="One share is worth">
                            {formatFixed(state.sharePrice, settlement.decimals, 8, settlement.symbol)}
                        </Row>
                        <Row label="Cooldown before leaving">{formatDuration(state.cooldown)}</Row>
                        <Row label="Window to leave in">{formatDuration(state.window)}</Row>
                    </Rows>
                )}
            </div>
        </Card>
    );
}
