/** What stands where data will be, is not, or cannot be had. */

import type { ComponentChildren } from "preact";
import { Icon } from "./icon";

export function Skeleton({ width = "100%", height = "1em" }: { width?: string; height?: string }) {
    return <span class="skeleton" style={{ width, height }} aria-hidden="true" />;
}

export function SkeletonPage() {
    return (
        <div aria-busy="true" aria-label="Loading">
            <div class="page-head">
                <Skeleton width="12rem" height="2rem" />
                <Skeleton width="min(26rem, 80%)" />
            </div>
            <div class="card">
                <Skeleton height="5rem" />
            </div>
            <div class="card">
                <Skeleton height="16rem" />
            </div>
        </div>
    );
}

interface StateProps {
    title: string;
    children?: ComponentChildren;
    action?: ComponentChildren;
    icon?: string;
}

export function Empty({ title, children, action, icon = "info" }: StateProps) {
    return (
        <div class="state">
            <Icon name={icon} size={28} />
            <p class="state-title">{title}</p>
            {children && <p>{children}</p>}
            {action}
        </div>
    );
}

export function ErrorState({ title, detail, children }: StateProps & { detail: string }) {
    return (
        <div class="state state-error" role="alert" data-testid="error-state">
            <Icon name="warning" size={28} />
            <h1 class="state-title">{title}</h1>
            <p>{detail}</p>
            {children && <p class="muted">{children}</p>}
        </div>
    );
}

/** A line that says why something next to it cannot be had. */
export function Note({
    tone = "plain",
    children,
}: {
    tone?: "plain" | "warning" | "danger";
    children: ComponentChildren;
}) {
    return <p class={`note note-${tone}`}>{children}</p>;
}
