/** Rows of a ticket: what a trade costs and what it makes of position and account. */

import type { Perp } from "../../chain/domain";
import type { Outlook } from "../../chain/outlook";
import type { PerpPosition, PerpState } from "../../chain/perps";
import type { Standing } from "../../chain/standing";
import { formatAmount, formatPercent, formatPrice, formatUsd } from "../../lib/format";
import { feeOf } from "../../lib/perps";
import { abs, mulDiv, WAD } from "../../lib/units";
import { Row } from "../../ui/card";
import { OutlookRows } from "../../ui/standing";

export interface TicketData {
    perp: Perp;
    state: PerpState | undefined;
    position: PerpPosition | undefined;
    standing: Standing | undefined;
}

interface Props extends TicketData {
    sizeWad: bigint;
    priceWad: bigint;
    feeWad: bigint;
    feeLabel: string;
    priceLabel: string;
    outlook: Outlook | undefined;
}

export function TradeRows(props: Props) {
    const { perp, position, standing, sizeWad, priceWad, feeWad, feeLabel, priceLabel, outlook } = props;
    const held = position?.sizeWad ?? 0n;
    return (
        <>
            <Row label={priceLabel} testid="price">
                {formatPrice(priceWad)}
            </Row>
            <Row label="Value">{formatUsd(mulDiv(abs(sizeWad), priceWad, WAD))}</Row>
            <Row label={feeLabel} testid="fee">
                {formatUsd(feeOf(sizeWad, priceWad, feeWad))} · {formatPercent(feeWad)}
            </Row>
            <Row label="Position" after={sizeWords(held + sizeWad, perp)} testid="size-after">
                {sizeWords(held, perp)}
            </Row>
            <Row
                label="Margin required"
                after={outlook && formatUsd(outlook.initialWad)}
                testid="margin-after"
            >
                {formatUsd(standing?.initialWad ?? 0n)}
            </Row>
            <OutlookRows before={standing} after={outlook} />
        </>
    );
}

export function sizeWords(sizeWad: bigint, perp: Perp): string {
    if (sizeWad === 0n) return "none";
    return `${sizeWad > 0n ? "long" : "short"} ${formatAmount(abs(sizeWad), 18, perp.underlyingName)}`;
}
