import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

export default defineConfig({
    root: path("."),
    resolve: { alias: { "@generated": path("../build/web-src") } },
    esbuild: { jsx: "automatic", jsxImportSource: "preact" },
    build: {
        outDir: path("../build/web"),
        emptyOutDir: true,
        target: "es2022",
        // The content-security policy allows no data: addresses.
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        chunkSizeWarningLimit: 900,
    },
});
