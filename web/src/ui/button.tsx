import type { ComponentChildren } from "preact";

export interface ButtonProps {
    children: ComponentChildren;
    kind?: "primary" | "quiet" | "danger" | "ghost";
    size?: "small" | "normal" | "wide";
    type?: "button" | "submit";
    disabled?: boolean;
    busy?: boolean;
    /** What a screen reader says, where the text alone would not do. */
    label?: string;
    onClick?: () => void;
    testid?: string;
}

export function Button({
    children,
    kind = "primary",
    size = "normal",
    type = "button",
    disabled = false,
    busy = false,
    label,
    onClick,
    testid,
}: ButtonProps) {
    return (
        <button
            class={`button button-${kind} button-${size}`}
            type={type}
            disabled={disabled || busy}
            aria-busy={busy}
            aria-label={label}
            onClick={onClick}
            data-testid={testid}
        >
            {busy && <span class="spinner" aria-hidden="true" />}
            {children}
        </button>
    );
}
