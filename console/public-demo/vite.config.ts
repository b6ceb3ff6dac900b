/** Builds the three public demo pages into the Python package, where `/demo/{video,music,store}` are served from. */

import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const shop = process.env["REGULARS_URL"] ?? "http://127.0.0.1:8700";

export default defineConfig({
  root: here("."),
  base: "/demo/",
  build: {
    outDir: here("../../src/regulars/web/static/demo"),
    emptyOutDir: true,
    rolldownOptions: {
      input: { video: here("video/index.html"), music: here("music/index.html"), store: here("store/index.html") },
    },
  },
  server: { proxy: { "/demo/api": shop, "/regulars.js": shop, "/v1": shop } },
});
