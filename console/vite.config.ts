import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** Where `npm run dev` finds the shop whose console this is. */
const shop = process.env["REGULARS_URL"] ?? "http://127.0.0.1:8700";
const served = ["/v1", "/demo/api", "/schema", "/regulars.js"];

/** The first ranges of the Japanese face hold characters that hardly any page needs and that the Traditional Chinese face
 * has too: without them the built console is 1.3 MB smaller. */
const RARE_RANGES = 18;
const withoutRareCharacters: Plugin = {
  name: "without-rare-characters",
  enforce: "pre",
  transform(code, id) {
    if (!id.includes("noto-sans-jp/wght.css")) return null;
    const rare = /\/\* noto-sans-jp-\[(\d+)\]-wght-normal \*\/\s*@font-face\s*{[^}]*}/g;
    return { code: code.replaceAll(rare, (face, range: string) => (Number(range) < RARE_RANGES ? "" : face)), map: null };
  },
};

export default defineConfig({
  plugins: [react(), withoutRareCharacters],
  build: {
    outDir: "../src/regulars/web/static/console",
    emptyOutDir: true,
    assetsInlineLimit: 2048,
    chunkSizeWarningLimit: 700,
  },
  server: { proxy: Object.fromEntries(served.map((path) => [path, { target: shop, changeOrigin: true }])) },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}", "snippet/**/*.test.ts", "public-demo/**/*.test.ts"],
    setupFiles: ["src/shared/testing/setup.ts"],
    isolate: false, // one jsdom a worker; the set-up cleans between tests
    css: false,
    restoreMocks: true,
    testTimeout: 15_000,
  },
});
