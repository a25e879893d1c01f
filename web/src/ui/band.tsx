/** The oracle's band: the price, the edges by which new risk is judged, and how wide they are. */

import type { Band, PriceStatus } from "../chain/markets";
import { formatPercent, formatPrice } from "../lib/format";
import { mulDiv, toFloat, WAD } from "../lib/units";
import { Badge, type Tone } from "./card";

const STATUS: Readonly<Record<PriceStatus, readonly [Tone, string, string]>> = {
    fresh: ["good", "Fresh", "Everything is possible."],
    diverged: ["warning", "In dispute", "The sources disagree: no new risk; reducing and repaying go on."],
    stale: ["warning", "Out of date", "The feed is late: no new risk; reducing and repaying go on."],
    none: ["danger", "No price", "No usable answer: held it counts for nothing, owed it bars new risk."],
};

export function PriceBadge({ status }: { status: PriceStatus }) {
    const [tone, text] = STATUS[status];
    return <Badge tone={tone}>{text}</Badge>;
}

export function statusWords(status: PriceStatus): string {
    return STATUS[status][2];
}

export function BandChart({ band }: { band: Band }) {
    const middle = toFloat(band.priceWad);
    const low = toFloat(band.lowWad);
    const high = toFloat(band.highWad);
    const reach = Math.max(high - middle, middle - low, middle * 0.02) * 1.6;
    const place = (price: number) => 50 + ((price - middle) / reach) * 50;
    const half = toFloat(band.halfWidthWad);
    const doubtful = band.status !== "fresh";
    const below = mulDiv(band.priceWad - band.lowWad, WAD, band.priceWad);
    const above = mulDiv(band.highWad - band.priceWad, WAD, band.priceWad);
    return (
        <div class="band">
            <svg viewBox="0 0 100 44" preserveAspectRatio="none" aria-hidden="true">
                <rect class="band-rail" x="0" y="18" width="100" height="8" rx="1" />
                {doubtful && (
                    <rect
                        class="band-doubt"
                        x={place(low)}
                        y="12"
                        width={place(high) - place(low)}
                        height="20"
                    />
                )}
                <rect
                    class="band-width"
                    x={place(middle - half)}
                    y="12"
                    width={place(middle + half) - place(middle - half)}
                    height="20"
                />
                <rect class="band-mid" x="49.7" y="6" width="0.6" height="32" />
            </svg>
            <p class="band-ends">
                <span>
                    <b>{formatPrice(band.lowWad)}</b>
                    longs, −{formatPercent(below)}
                </span>
                <span>
                    <b>{formatPrice(band.priceWad)}</b>
                    price
                </span>
                <span>
                    <b>{formatPrice(band.highWad)}</b>
                    shorts, +{formatPercent(above)}
                </span>
            </p>
        </div>
    );
}
