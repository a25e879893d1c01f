/** Messages that come and go: what was sent and what became of it. */

import { signal } from "@preact/signals";

export interface Toast {
    id: number;
    kind: "pending" | "done" | "failed" | "info";
    title: string;
    detail?: string;
    hash?: string;
}

export const toasts = signal<Toast[]>([]);

const SECONDS: Readonly<Record<Toast["kind"], number | null>> = {
    pending: null,
    done: 6,
    info: 6,
    failed: 14,
};
let count = 0;

/** Shows one; returns its number, by which `update` changes it. */
export function notify(toast: Omit<Toast, "id">): number {
    count += 1;
    toasts.value = [...toasts.value, { ...toast, id: count }];
    expire(count, toast.kind);
    return count;
}

export function update(id: number, change: Partial<Omit<Toast, "id">>): void {
    toasts.value = toasts.value.map((toast) => (toast.id === id ? { ...toast, ...change } : toast));
    if (change.kind) expire(id, change.kind);
}

export function dismiss(id: number): void {
    toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

function expire(id: number, kind: Toast["kind"]): void {
    const seconds = SECONDS[kind];
    if (seconds !== null) window.setTimeout(() => dismiss(id), seconds * 1_000);
}
