/** How sure the price is, and what margin an asset needs. */

import { parametersAbi } from "@generated/abi";
import { zeroAddress } from "viem";
import type { Asset } from "../../chain/domain";
import type { Market } from "../../chain/markets";
import { useQuery } from "../../chain/query";
import { formatDuration, formatPercent, formatUsdCompact } from "../../lib/format";
import { WAD } from "../../lib/units";
import { BandChart, PriceBadge, statusWords } from "../../ui/band";
import { Card, Row, Rows } from "../../ui/card";
import { Note, Skeleton } from "../../ui/state";

const TIERS = ["Custody only", "Alone in an account", "Beside anything"];

export function OracleCard({ market }: { market: Market }) {
    const { asset, band } = market;
    const feed = useFeed(asset);
    return (
        <Card
            title={`Oracle: ${asset.underlyingName}`}
            aside={<PriceBadge status={band.status} />}
            testid="oracle"
        >
            <div class="form">
                <BandChart band={band} />
                <p class="muted small">
                    {statusWords(band.status)} New risk is judged at the edges, liquidation at the favourable
                    one.
                </p>
                {feed.data && (
                    <Rows>
                        <Row label="Feed answers within">{formatDuration(Number(feed.data.heartbeat))}</Row>
                        <Row label="Second source">
                            {feed.data.secondary === zeroAddress
                                ? "none"
                                : `agrees within ${formatPercent(ppm(feed.data.tolerancePpm))}`}
                        </Row>
                    </Rows>
                )}
            </div>
        </Card>
    );
}

export function RiskCard({ asset }: { asset: Asset }) {
    const risk = useQuery(`risk ${asset.symbol}`, async ({ client, domain }, blockNumber) => {
        const parameters = { address: domain.parameters, abi: parametersAbi, blockNumber } as const;
        const [fields, shocks] = await Promise.all([
            client.readContract({ ...parameters, functionName: "asset", args: [BigInt(asset.id)] }),
            client.readContract({ ...parameters, functionName: "shocks", args: [BigInt(asset.underlying)] }),
        ]);
        return { fields, shocks };
    });
    if (!risk.data) {
        return (
            <Card title="Margin">
                {risk.error ? <Note tone="warning">{risk.error}</Note> : <Skeleton height="9rem" />}
            </Card>
        );
    }
    const { fields, shocks } = risk.data;
    const both = (down: bigint, up: bigint) => `−${formatPercent(ppm(down))} / +${formatPercent(ppm(up))}`;
    return (
        <Card title="Margin">
            <Rows>
                <Row label="As collateral">{TIERS[fields.tier] ?? "–"}</Row>
                <Row label="Shock for new risk">{both(shocks.initialDownPpm, shocks.initialUpPpm)}</Row>
                <Row label="Shock before takeover">
                    {both(shocks.maintenanceDownPpm, shocks.maintenanceUpPpm)}
                </Row>
                <Row label="Cost of unwinding">{formatPercent(ppm(fields.unwindingPpm))}</Row>
                <Row label="Depth of its market">
                    {fields.depthUsd === 0n ? "not limited" : formatUsdCompact(fields.depthUsd * WAD)}
                </Row>
            </Rows>
        </Card>
    );
}

function useFeed(asset: Asset) {
    return useQuery(`feed ${asset.underlying}`, ({ client, domain }, blockNumber) =>
        client.readContract({
            address: domain.parameters,
            abi: parametersAbi,
            functionName: "feed",
            args: [BigInt(asset.underlying)],
            blockNumber,
        }),
    );
}

function ppm(parts: bigint): bigint {
    return (parts * WAD) / 1_000_000n;
}
