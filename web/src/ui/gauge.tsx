/** Health as a half circle: the further round, the further from being taken over. */

import { formatHealth } from "../lib/format";
import { toFloat } from "../lib/units";

const FULL = 3;
const RADIUS = 84;
const LENGTH = Math.PI * RADIUS;

/** Tone of a health {WAD}: below 1 it may be taken over. */
export function healthTone(wad: bigint): "good" | "warning" | "danger" {
    const health = toFloat(wad);
    return health < 1.1 ? "danger" : health < 1.5 ? "warning" : "good";
}

export function HealthGauge({ healthWad, note }: { healthWad: bigint; note?: string }) {
    const health = Math.min(toFloat(healthWad), FULL);
    const share = health / FULL;
    const text = formatHealth(healthWad);
    const words = healthWad < 10n ** 18n ? "may be taken over" : (note ?? "taken over below 1.00×");
    const start = Math.PI * (1 - 1 / FULL);
    const tick = (radius: number) => `${100 + radius * Math.cos(start)} ${100 - radius * Math.sin(start)}`;
    return (
        <div
            class="gauge"
            role="meter"
            aria-label="Health"
            aria-valuemin={0}
            aria-valuemax={FULL}
            aria-valuenow={Number(health.toFixed(2))}
            aria-valuetext={`${text}, ${words}`}
            data-testid="health"
        >
            <svg viewBox="0 0 200 122" aria-hidden="true">
                <g fill="none" stroke-width="14" stroke-linecap="round">
                    <path class="gauge-track" d="M16 100a84 84 0 0 1 168 0" />
                    <path
                        class={`gauge-${healthTone(healthWad)}`}
                        d="M16 100a84 84 0 0 1 168 0"
                        stroke-dasharray={`${Math.max(0.001, share) * LENGTH} ${LENGTH * 2}`}
                    />
                </g>
                <path d={`M${tick(72)}L${tick(98)}`} stroke="var(--text)" stroke-width="2" />
                <text class="gauge-value" x="100" y="92" text-anchor="middle">
                    {text}
                </text>
                <text class="gauge-note" x="100" y="114" text-anchor="middle">
                    {words}
                </text>
            </svg>
        </div>
    );
}
