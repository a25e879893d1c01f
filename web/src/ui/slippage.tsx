/** How much worse than the quote a trade may end. */

import { WAD } from "../lib/units";
import { Select } from "./field";

export const SLIPPAGES = ["0.1", "0.5", "1", "2", "5"] as const;
export type Slippage = (typeof SLIPPAGES)[number];

export function slippageOf(percent: Slippage): bigint {
    return (WAD * BigInt(Math.round(Number(percent) * 10))) / 1_000n;
}

export function SlippageField({ value, onChange }: { value: Slippage; onChange: (value: Slippage) => void }) {
    return (
        <Select
            label="Slippage bound"
            value={value}
            options={SLIPPAGES.map((percent) => [percent, `${percent}%`] as const)}
            onChange={onChange}
            testid="slippage"
        />
    );
}
