/** Lines over time or over another number, by uPlot in the colours of the style sheet. */

import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { colour, palette } from "../theme";

export interface Line {
    label: string;
    /** One value for each x; null leaves a gap. */
    values: readonly (number | null)[];
    tone?: "accent" | "second" | "muted";
    filled?: boolean;
    dashed?: boolean;
}

interface LineChartProps {
    /** What a screen reader says instead of the picture. */
    label: string;
    x: readonly number[];
    lines: readonly Line[];
    formatX: (value: number) => string;
    formatY: (value: number) => string;
    /** Shorter than formatX, for the axis. */
    formatTick?: (value: number) => string;
    /** x are unix seconds. */
    time?: boolean;
    /** A dashed line at an x, such as where utilisation is now. */
    marker?: number;
    height?: number;
    /** The least range of y, for values that hardly move. */
    yFrom?: number;
    stepped?: boolean;
}

const TONES = { accent: "--accent", second: "--second", muted: "--line-strong" } as const;

export function LineChart(props: LineChartProps) {
    const { label, x, lines, formatX, formatY, marker, height = 220 } = props;
    const host = useRef<HTMLDivElement>(null);
    const chart = useRef<uPlot | null>(null);
    const shown = useRef<HTMLParagraphElement>(null);
    const latest = useRef(props);
    latest.current = props;
    const shape = lines.map((line) => line.label).join("|") + (marker === undefined ? "" : "|marker");
    const colours = palette.value;

    useEffect(() => {
        const element = host.current;
        if (!element) return;
        const options = optionsOf(latest, element.clientWidth, height, () =>
            write(latest.current, shown.current, chart.current),
        );
        const plot = new uPlot(options, dataOf(latest.current), element);
        chart.current = plot;
        const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
        observer.observe(element);
        return () => {
            observer.disconnect();
            plot.destroy();
            chart.current = null;
        };
    }, [shape, colours, height]);

    useEffect(() => {
        chart.current?.setData(dataOf(latest.current));
        write(latest.current, shown.current, chart.current);
    }, [x, lines, marker, formatX, formatY]);

    return (
        <figure class="chart">
            <figcaption class="hidden">{label}</figcaption>
            <p class="chart-legend" ref={shown} />
            <div ref={host} role="img" aria-label={label} />
        </figure>
    );
}

function dataOf({ x, lines }: LineChartProps): uPlot.AlignedData {
    return [x, ...lines.map((line) => line.values)] as unknown as uPlot.AlignedData;
}

function optionsOf(
    latest: { current: LineChartProps },
    width: number,
    height: number,
    onCursor: () => void,
): uPlot.Options {
    const { lines, time = false, stepped = false } = latest.current;
    const grid = { stroke: colour("--line"), width: 1 };
    const axis = { stroke: colour("--muted"), font: "12px system-ui, sans-serif", ticks: { show: false } };
    const paths = stepped ? uPlot.paths.stepped?.({ align: 1 }) : undefined;
    return {
        width,
        height,
        padding: [10, 22, 0, 0],
        legend: { show: false },
        cursor: { y: false, points: { size: 8 }, drag: { x: false, y: false } },
        scales: {
            x: { time },
            y: { range: (_, low, high) => rangeOf(latest.current, low, high) },
        },
        axes: [
            {
                ...axis,
                grid: { show: false },
                values: (_, ticks) => ticks.map(latest.current.formatTick ?? latest.current.formatX),
                space: 80,
                size: 30,
            },
            {
                ...axis,
                grid,
                size: 64,
                values: (_, ticks) => ticks.map((tick) => latest.current.formatY(tick)),
            },
        ],
        series: [
            {},
            ...lines.map((line) => {
                const stroke = colour(TONES[line.tone ?? "accent"]);
                return {
                    label: line.label,
                    stroke,
                    width: 2,
                    points: { show: false },
                    spanGaps: false,
                    ...(paths ? { paths } : {}),
                    ...(line.filled ? { fill: faded(stroke) } : {}),
                    ...(line.dashed ? { dash: [5, 4] } : {}),
                };
            }),
        ],
        hooks: { setCursor: [onCursor], draw: [(plot) => drawMarker(plot, latest.current.marker)] },
    };
}

function rangeOf({ yFrom }: LineChartProps, low: number | null, high: number | null): [number, number] {
    if (low === null || high === null) return [0, 1];
    const spread = Math.max(high - low, Math.abs(high) * 0.01, 1e-9);
    const bottom = yFrom !== undefined ? Math.min(yFrom, low) : low - spread * 0.15;
    return [bottom, high + spread * 0.15];
}

function drawMarker(plot: uPlot, marker: number | undefined): void {
    if (marker === undefined) return;
    const { ctx, bbox } = plot;
    const x = plot.valToPos(marker, "x", true);
    ctx.save();
    ctx.strokeStyle = colour("--text");
    ctx.globalAlpha = 0.55;
    ctx.setLineDash([4, 4]);
    ctx.lineWidth = devicePixelRatio;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.restore();
}

/** The legend: values under the cursor, else the newest (or those at the marker). */
function write(props: LineChartProps, place: HTMLElement | null, plot: uPlot | null): void {
    if (!place || props.x.length === 0) return;
    const { x, lines, marker } = props;
    const index = plot?.cursor.idx ?? (marker === undefined ? x.length - 1 : nearest(x, marker));
    const parts: HTMLElement[] = lines.map(({ label, values, tone = "accent" }) => {
        const part = document.createElement("span");
        const swatch = document.createElement("i");
        swatch.className = `swatch swatch-${tone}`;
        const value = values[index];
        const number = document.createElement("b");
        number.textContent = value === null || value === undefined ? "–" : props.formatY(value);
        part.append(swatch, `${label} `, number);
        return part;
    });
    const at = document.createElement("span");
    at.textContent = props.formatX(x[index] ?? 0);
    place.replaceChildren(...parts, at);
}

function nearest(x: readonly number[], value: number): number {
    let best = 0;
    x.forEach((candidate, index) => {
        if (Math.abs(candidate - value) < Math.abs((x[best] ?? 0) - value)) best = index;
    });
    return best;
}

function faded(rgb: string): string {
    return rgb.replace(/^rgb\((.*)\)$/, "rgba($1, 0.12)");
}
