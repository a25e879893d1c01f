/** Surfaces and the figures on them. */

import type { ComponentChildren } from "preact";

interface CardProps {
    title?: ComponentChildren;
    aside?: ComponentChildren;
    children: ComponentChildren;
    class?: string;
    testid?: string;
}

export function Card({ title, aside, children, class: extra = "", testid }: CardProps) {
    return (
        <section class={`card ${extra}`} data-testid={testid}>
            {(title || aside) && (
                <header class="card-head">
                    {title && <h2>{title}</h2>}
                    {aside && <div class="card-aside">{aside}</div>}
                </header>
            )}
            {children}
        </section>
    );
}

export function PageHead({ title, children }: { title: ComponentChildren; children?: ComponentChildren }) {
    return (
        <div class="page-head">
            <h1>{title}</h1>
            {children && <p class="lead">{children}</p>}
        </div>
    );
}

export type Tone = "plain" | "good" | "warning" | "danger" | "accent";

interface StatProps {
    label: ComponentChildren;
    children: ComponentChildren;
    detail?: ComponentChildren;
    tone?: Tone;
    testid?: string;
}

/** One figure with its name; several in a `Stats`. */
export function Stat({ label, children, detail, tone = "plain", testid }: StatProps) {
    return (
        <div class="stat" data-testid={testid}>
            <dt>{label}</dt>
            <dd class={`stat-value tone-${tone}`}>{children}</dd>
            {detail && <dd class="stat-detail">{detail}</dd>}
        </div>
    );
}

export function Stats({ children }: { children: ComponentChildren }) {
    return <dl class="stats">{children}</dl>;
}

export function Badge({ tone = "plain", children }: { tone?: Tone; children: ComponentChildren }) {
    return <span class={`badge badge-${tone}`}>{children}</span>;
}

interface RowProps {
    label: ComponentChildren;
    children: ComponentChildren;
    /** What it becomes, where it changes. */
    after?: ComponentChildren;
    tone?: Tone;
    testid?: string;
}

/** A line of a list of facts or of a preview: now, and an arrow to what it becomes. */
export function Row({ label, children, after, tone = "plain", testid }: RowProps) {
    return (
        <div class="row" data-testid={testid}>
            <dt>{label}</dt>
            <dd>
                <span class={after === undefined ? `tone-${tone}` : "row-before"}>{children}</span>
                {after !== undefined && (
                    <>
                        <span class="row-arrow" aria-label="becomes">
                            →
                        </span>
                        <span class={`tone-${tone}`}>{after}</span>
                    </>
                )}
            </dd>
        </div>
    );
}

export function Rows({ children }: { children: ComponentChildren }) {
    return <dl class="rows">{children}</dl>;
}

/** A bar from nothing to full, `share` between 0 and 1; `mark` draws a line at a target. */
export function Meter({ share, mark, label }: { share: number; mark?: number; label: string }) {
    const clamped = Math.min(1, Math.max(0, share));
    const tone = clamped >= 0.95 ? "danger" : clamped >= 0.85 ? "warning" : "accent";
    return (
        <span
            class={`meter meter-${tone}`}
            role="meter"
            aria-label={label}
            aria-valuemin={0}
            aria-valuemax={100}
            aria-valuenow={Math.round(clamped * 100)}
        >
            <span class="meter-fill" style={{ width: `${clamped * 100}%` }} />
            {mark !== undefined && <span class="meter-mark" style={{ left: `${mark * 100}%` }} />}
        </span>
    );
}
