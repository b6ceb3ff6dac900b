import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** Where `npm run dev` finds the shop whose console this is. */
const shop = process.env["REGULARS_URL"] ?? "http://127.0.0.1:8700";
const served = ["/v1", "/demo/api", "/schema", "/regulars.js"];

export default defineConfig({
  plugins: [react()],
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
