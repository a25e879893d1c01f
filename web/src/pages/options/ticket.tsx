/** The ticket: an offer of one's own, signed and copied, or somebody else's, pasted and taken. */

import { useState } from "preact/hooks";
import type { Leg } from "../../lib/options";
import { Card } from "../../ui/card";
import { Tabs } from "../../ui/field";
import type { OptionData } from "./data";
import { OfferForm } from "./offer";
import { TakeForm } from "./take";

type Way = "offer" | "take";

const WAYS: readonly (readonly [Way, string])[] = [
    ["offer", "Sign an offer"],
    ["take", "Take an offer"],
];

export interface TicketProps extends OptionData {
    legs: readonly Leg[];
    setLegs: (legs: readonly Leg[]) => void;
}

export function OptionTicket(props: TicketProps) {
    const [way, setWay] = useState<Way>("offer");
    return (
        <Card title={`Trade ${props.market.name}`} testid="option-ticket">
            <div class="form">
                <Tabs label="What to do" value={way} options={WAYS} onChange={setWay} />
                {way === "offer" ? <OfferForm {...props} /> : <TakeForm {...props} />}
            </div>
        </Card>
    );
}
