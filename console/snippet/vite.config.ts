/** Builds the browser snippet into the Python package, where the door serves it as `/regulars.js`. */

import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const BYTES_MAX = 6 * 1024;
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Every page of every shop loads this file: a build that makes it too large fails. */
const small: Plugin = {
  name: "small",
  generateBundle(_options, bundle) {
    for (const file of Object.values(bundle)) {
      const size = file.type === "chunk" ? gzipSync(file.code, { level: 9 }).length : 0;
      if (size > BYTES_MAX) this.error(`${file.fileName} has ${size} bytes packed, at most ${BYTES_MAX} are allowed.`);
      else this.info(`${file.fileName}: ${size} bytes packed`);
    }
  },
};

export default defineConfig({
  root: here("."),
  publicDir: false,
  plugins: [small],
  build: {
    outDir: here("../../src/regulars/web/static"),
    emptyOutDir: false,
    target: "es2020",
    lib: { entry: here("regulars.ts"), formats: ["iife"], name: "regularsSnippet", fileName: () => "regulars.js" },
  },
});
