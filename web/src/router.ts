/** Where the user is: the part of the address after #. */

import { computed, signal } from "@preact/signals";

const hash = signal(window.location.hash);
window.addEventListener("hashchange", () => (hash.value = window.location.hash));

/** Parts of the path: #/markets/WETH is ["markets", "WETH"]. */
export const route = computed(() =>
    hash.value
        .replace(/^#\/?/, "")
        .split("?")[0]!
        .split("/")
        .filter(Boolean)
        .map((part) => {
            try {
                return decodeURIComponent(part);
            } catch {
                return part;
            }
        }),
);

/** The parameters after the question mark. */
export const query = computed(() => new URLSearchParams(hash.value.split("?")[1] ?? ""));

export function href(...parts: string[]): string {
    return `#/${parts.map(encodeURIComponent).join("/")}`;
}

export function go(...parts: string[]): void {
    window.location.hash = href(...parts);
}
