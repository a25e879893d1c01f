/** The market's prices in one line: mark, index, premium, funding, open interest. */

import type { Perp } from "../../chain/domain";
import type { PerpState } from "../../chain/perps";
import type { Query } from "../../chain/query";
import { formatAmount, formatPercent, formatPrice, formatUsdCompact } from "../../lib/format";
import { mulDiv, WAD } from "../../lib/units";
import { PriceBadge, statusWords } from "../../ui/band";
import { Card, Stat, Stats } from "../../ui/card";
import { AssetMark } from "../../ui/icon";
import { Note, Skeleton } from "../../ui/state";

export const RATE_PLACES = 4;

export function Prices({ perp, state: { data, error } }: { perp: Perp; state: Query<PerpState> }) {
    const title = (
        <span class="asset">
            <AssetMark symbol={perp.underlyingName} size={28} />
            <span>{perp.name}</span>
            {data && <span class="price-now">{formatPrice(data.markWad)}</span>}
        </span>
    );
    return (
        <Card
            title={title}
            aside={data && <PriceBadge status={data.status} />}
            class="perp-prices"
            testid="perp-prices"
        >
            <div class="stack">
                {error && <Note tone="warning">{error}</Note>}
                {!data && !error && <Skeleton height="3.5rem" />}
                {data && (
                    <Stats>
                        <Stat label="Mark" testid="mark">
                            {formatPrice(data.markWad)}
                        </Stat>
                        <Stat label="Index" testid="index">
                            {formatPrice(data.indexWad)}
                        </Stat>
                        <Stat label="Premium" detail="mark over index" testid="premium">
                            {formatPercent(data.premiumWad, 3)}
                        </Stat>
                        <Stat label="Funding" detail={payers(data.rateWad)} testid="funding-rate">
                            {formatPercent(data.rateWad, RATE_PLACES)}
                        </Stat>
                        <Stat
                            label="Open interest"
                            detail={`of ${formatUsdCompact(data.openInterestCapWad)} a side`}
                            testid="open-interest"
                        >
                            {formatAmount(data.openInterestWad, 18, perp.underlyingName, 2)}
                            <small class="sub">
                                {formatUsdCompact(mulDiv(data.openInterestWad, data.indexWad, WAD))}
                            </small>
                        </Stat>
                    </Stats>
                )}
                {data && data.status !== "fresh" && (
                    <Note tone="warning">
                        {statusWords(data.status)} No trades and no settlement until the index is fresh.
                    </Note>
                )}
                {data?.reduceOnly && (
                    <Note tone="warning">This market lets positions be reduced alone for now.</Note>
                )}
            </div>
        </Card>
    );
}

function payers(rateWad: bigint): string {
    if (rateWad === 0n) return "nobody pays, per 8 h";
    return rateWad > 0n ? "longs pay, per 8 h" : "shorts pay, per 8 h";
}
