/** Icons, drawn here: nothing is loaded from elsewhere. */

const PATHS: Readonly<Record<string, string>> = {
    markets: "M4 19V9m5.300 10V5m5.400 14v-7M20 19V8",
    lend: "M12 3v12m0 0-4.500-4.500M12 15l4.500-4.500M4 19h16",
    account: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-7.500 8.500a7.500 7.500 0 0 1 15 0",
    trade: "M7 20V5m0 0L3.500 8.500M7 5l3.500 3.500M17 4v15m0 0 3.500-3.500M17 19l-3.500-3.500",
    perps: "M4 12c2.200-5 4.600-5 7 0s5.200 5 9 0M4 20h16M4 4h16",
    options: "M3 15h8l8-10M3 20h18M11 15v5",
    liquidations: "M12 3.500c3 3.600 6 6.700 6 10.500a6 6 0 0 1-12 0c0-3.800 3-6.900 6-10.500Z",
    system: "M4 5h16v11H4zM9 20h6m-3-4v4",
    light: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm0-13v2m0 14v2M3 12h2m14 0h2M5.600 5.600 7 7m10 10 1.400 1.400m0-12.800L17 7M7 17l-1.400 1.400",
    dark: "M20 14.500A8.500 8.500 0 0 1 9.500 4a8.500 8.500 0 1 0 10.500 10.500Z",
    close: "m6 6 12 12M18 6 6 18",
    check: "m5 12.500 4.500 4.500L19 7.500",
    warning: "M12 4 2.500 20h19zM12 10v4.500m0 3v.1",
    wallet: "M4 7.500A2.500 2.500 0 0 1 6.500 5H18v3m-14-.5V17a2 2 0 0 0 2 2h14V8H6.500A2.500 2.500 0 0 1 4 7.500Zm12.500 6h.1",
    back: "m14.500 5-7 7 7 7",
    right: "m9.500 5 7 7-7 7",
    copy: "M9 9h10v11H9zM5 15V4h10",
    info: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Zm0-10v5m0-8v.1",
    shield: "M12 3.500 5 6v5.500c0 4.500 3 7.500 7 9 4-1.500 7-4.500 7-9V6z",
};

export function Icon({ name, size = 20 }: { name: string; size?: number }) {
    return (
        <svg
            class="icon"
            width={size}
            height={size}
            viewBox="0 0 24 24"
            fill="none"
            stroke="currentColor"
            stroke-width="1.75"
            stroke-linecap="round"
            stroke-linejoin="round"
            aria-hidden="true"
        >
            <path d={PATHS[name] ?? ""} />
        </svg>
    );
}

const HUES: Readonly<Record<string, string>> = {
    USDC: "blue",
    WETH: "violet",
    WBTC: "orange",
    DAI: "amber",
    WSTETH: "cyan",
};

/** A round mark for an asset: its first letters on a colour of its own. */
export function AssetMark({ symbol, size = 32 }: { symbol: string; size?: number }) {
    const hue = HUES[symbol.toUpperCase()] ?? "grey";
    const letters = symbol.replace(/^w(st)?(?=[A-Z])/i, "").slice(0, 1) || symbol.slice(0, 1);
    return (
        <svg class={`mark mark-${hue}`} width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
            <circle cx="16" cy="16" r="16" />
            <text x="16" y="21.5" text-anchor="middle">
                {letters}
            </text>
        </svg>
    );
}
