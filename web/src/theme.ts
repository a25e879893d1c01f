/** Light, dark, or as the system says. */

import { effect, signal } from "@preact/signals";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const KEY = "keel.theme";
const stored = localStorage.getItem(KEY) as Theme | null;

export const theme = signal<Theme>(stored && THEMES.includes(stored) ? stored : "system");
/** Counts changes of the colours in force, for what is drawn on a canvas. */
export const palette = signal(0);

export function startTheme(): void {
    effect(() => {
        document.documentElement.dataset["theme"] = theme.value;
        localStorage.setItem(KEY, theme.value);
        palette.value = palette.peek() + 1;
    });
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => (palette.value += 1));
}

export function nextTheme(): void {
    theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length]!;
}

/** A colour of the style sheet as it is now, such as "--accent". */
export function colour(name: string): string {
    const probe = document.createElement("span");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    return value;
}
