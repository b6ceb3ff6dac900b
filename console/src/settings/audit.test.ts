import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import words from "./locales/en.json";

const SHOP = "../src/regulars";

it("every change that the shop writes down has a sentence in the audit", () => {
  const written = readdirSync(SHOP, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".py"))
    .flatMap((file) => [...readFileSync(join(SHOP, file), "utf8").matchAll(/audited_as="(\w+)"/g)].map((each) => each[1] ?? ""));
  expect(written.length).toBeGreaterThan(10);
  expect([...new Set(written)].filter((action) => !(action in words.audit.action))).toEqual([]);
});
