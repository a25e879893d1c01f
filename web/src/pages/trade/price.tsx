/** The chosen asset's price since the deployment, and the prices at which the account would be taken over. */

import type { Asset } from "../../chain/domain";
import { useHistory } from "../../chain/history";
import { marketOf, markets } from "../../chain/markets";
import type { Outlook } from "../../chain/outlook";
import type { Standing, Threshold } from "../../chain/standing";
import { formatPercent, formatPrice } from "../../lib/format";
import { timeTicks } from "../../lib/ticks";
import { toFloat } from "../../lib/units";
import { PriceBadge } from "../../ui/band";
import { Card } from "../../ui/card";
import { LineChart, type Line } from "../../ui/chart";
import { AssetMark } from "../../ui/icon";
import { Skeleton } from "../../ui/state";

interface PriceCardProps {
    asset: Asset;
    standing: Standing | undefined;
    outlook: Outlook | undefined;
}

export function PriceCard({ asset, standing, outlook }: PriceCardProps) {
    const market = marketOf(markets.value, asset);
    const samples = useHistory(asset);
    const now = levelOf(standing?.thresholds, asset);
    const then = levelOf(outlook?.thresholds, asset);
    const level = (label: string, value: number, tone: Line["tone"]): Line => ({
        label,
        values: samples?.map(() => value) ?? [],
        tone,
        dashed: true,
    });
    const lines: Line[] = [
        { label: asset.underlyingName, values: samples?.map(({ price }) => price) ?? [] },
        ...(now ? [level("Liquidation", now, "muted")] : []),
        ...(then && then !== now ? [level("After", then, "second")] : []),
    ];
    return (
        <Card
            title={
                <span class="asset">
                    <AssetMark symbol={asset.symbol} size={28} />
                    <span>{asset.symbol}</span>
                    {market && <span class="price-now">{formatPrice(market.priceWad)}</span>}
                </span>
            }
            aside={
                market && (
                    <>
                        {market.pool && (
                            <span class="rate">Borrow {formatPercent(market.pool.borrowApyWad)} a year </span>
                        )}
                        <PriceBadge status={market.band.status} />
                    </>
                )
            }
            testid="price-card"
        >
            {samples ? (
                <LineChart
                    label={`Price of ${asset.underlyingName} since the deployment${now ? `; liquidation at ${now.toFixed(2)} dollars` : ""}`}
                    x={samples.map(({ time }) => time)}
                    lines={lines}
                    formatX={timeTicks(samples[0]?.time ?? 0, samples.at(-1)?.time ?? 0)}
                    formatY={dollars}
                    time
                    height={210}
                    stepped
                />
            ) : (
                <Skeleton height="210px" />
            )}
        </Card>
    );
}

/** Where the account is taken over, if that is in sight. */
function levelOf(thresholds: readonly Threshold[] | undefined, asset: Asset): number | undefined {
    const found = thresholds?.find(({ underlying }) => underlying === asset.underlying);
    const price = marketOf(markets.value, asset)?.band.priceWad;
    const wad = found && (found.belowWad > 0n ? found.belowWad : found.aboveWad);
    if (!wad || !price) return undefined;
    // One that is far away would leave the price itself a flat line.
    return wad > price / 2n && wad < price * 2n ? toFloat(wad) : undefined;
}

function dollars(value: number): string {
    return `$${value.toLocaleString("en-US", { maximumFractionDigits: value < 10 ? 3 : 0 })}`;
}
