/** Fields of forms. Each one says what is wrong with what stands in it. */

import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { formatAmount } from "../lib/format";
import { exactAmount, parseAmount, type Parsed } from "../lib/units";
import { AssetMark } from "./icon";

interface AmountFieldProps {
    label: string;
    symbol: string;
    decimals: number;
    value: string;
    onInput: (text: string) => void;
    /** Offered by a button, and the most that is right unless `allowMore`. */
    most?: bigint;
    mostLabel?: string;
    /** Said where more than `most` is asked for. */
    tooMuch?: string;
    allowMore?: boolean;
    /** Value in dollars or another remark below the field. */
    hint?: ComponentChildren;
    testid?: string;
}

export function AmountField(props: AmountFieldProps) {
    const { label, symbol, decimals, value, onInput, most, mostLabel = "Balance", hint } = props;
    const id = useId();
    const checked = checkAmount(value, decimals, props.allowMore ? undefined : most, props.tooMuch);
    const wrong = value !== "" && !checked.ok ? checked.reason : undefined;
    return (
        <div class={`field ${wrong ? "field-wrong" : ""}`}>
            <div class="field-head">
                <label for={id}>{label}</label>
                {most !== undefined && (
                    <button
                        class="link"
                        type="button"
                        onClick={() => onInput(exactAmount(most, decimals))}
                        aria-label={`${mostLabel}: ${formatAmount(most, decimals, symbol)}; use all of it`}
                    >
                        {mostLabel} {formatAmount(most, decimals)}
                    </button>
                )}
            </div>
            <div class="field-box">
                <input
                    id={id}
                    class="field-input"
                    inputMode="decimal"
                    autocomplete="off"
                    spellcheck={false}
                    placeholder="0.00"
                    value={value}
                    onInput={(event) => onInput(event.currentTarget.value)}
                    aria-invalid={wrong !== undefined}
                    aria-describedby={`${id}-note`}
                    data-testid={props.testid}
                />
                <span class="field-unit">
                    <AssetMark symbol={symbol} size={22} />
                    {symbol}
                </span>
            </div>
            <p id={`${id}-note`} class="field-note" role={wrong ? "alert" : undefined}>
                {wrong ?? hint ?? " "}
            </p>
        </div>
    );
}

/** The amount that stands in a field, above zero and at most `most`. */
export function checkAmount(text: string, decimals: number, most?: bigint, tooMuch?: string): Parsed {
    const parsed = parseAmount(text, decimals);
    if (!parsed.ok) return parsed;
    if (parsed.value === 0n) return { ok: false, reason: "Enter an amount above zero" };
    if (most !== undefined && parsed.value > most) {
        return { ok: false, reason: tooMuch ?? `At most ${formatAmount(most, decimals)}` };
    }
    return parsed;
}

interface SelectProps<T extends string> {
    label: string;
    value: T;
    options: readonly (readonly [T, string])[];
    onChange: (value: T) => void;
    testid?: string;
}

export function Select<T extends string>({ label, value, options, onChange, testid }: SelectProps<T>) {
    const id = useId();
    return (
        <div class="field">
            <label for={id}>{label}</label>
            <select
                id={id}
                class="select"
                value={value}
                onChange={(event) => onChange(event.currentTarget.value as T)}
                data-testid={testid}
            >
                {options.map(([key, text]) => (
                    <option key={key} value={key}>
                        {text}
                    </option>
                ))}
            </select>
        </div>
    );
}

interface SliderProps {
    label: string;
    value: number;
    min: number;
    max: number;
    step: number;
    format: (value: number) => string;
    onInput: (value: number) => void;
    /** Remarks at both ends. */
    ends?: readonly [string, string];
    testid?: string;
}

export function Slider({ label, value, min, max, step, format, onInput, ends, testid }: SliderProps) {
    const id = useId();
    const share = max > min ? (value - min) / (max - min) : 0;
    return (
        <div class="field">
            <div class="field-head">
                <label for={id}>{label}</label>
                <output for={id} class="slider-value">
                    {format(value)}
                </output>
            </div>
            <input
                id={id}
                class="slider"
                type="range"
                min={min}
                max={max}
                step={step}
                value={value}
                style={{ "--share": `${share * 100}%` }}
                aria-valuetext={format(value)}
                onInput={(event) => onInput(Number(event.currentTarget.value))}
                data-testid={testid}
            />
            {ends && (
                <div class="slider-ends">
                    <span>{ends[0]}</span>
                    <span>{ends[1]}</span>
                </div>
            )}
        </div>
    );
}

interface TabsProps<T extends string> {
    label: string;
    value: T;
    options: readonly (readonly [T, string])[];
    onChange: (value: T) => void;
}

/** A choice of few: one is always chosen; arrow keys move. */
export function Tabs<T extends string>({ label, value, options, onChange }: TabsProps<T>) {
    const name = useId();
    return (
        <fieldset class="tabs">
            <legend class="hidden">{label}</legend>
            {options.map(([key, text]) => (
                <label key={key} class={key === value ? "tab tab-chosen" : "tab"}>
                    <input
                        class="hidden"
                        type="radio"
                        name={name}
                        value={key}
                        checked={key === value}
                        onChange={() => onChange(key)}
                        data-testid={`tab-${key}`}
                    />
                    {text}
                </label>
            ))}
        </fieldset>
    );
}
