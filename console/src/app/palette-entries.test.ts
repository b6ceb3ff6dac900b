import { describe, expect, it } from "vitest";
import { type Entry, fit, narrowed } from "./palette-entries";

const entry = (key: string, words: string, also?: string): Entry => ({ key, group: "pages", words, icon: null, run: () => undefined, ...(also ? { also } : {}) });

describe("searching pages and actions", () => {
  it("prefers what begins with the words typed, then a word that does, then anything holding them", () => {
    const found = narrowed([entry("c", "The workshop"), entry("b", "Open shop"), entry("a", "Shop")], "shop");
    expect(found.map((each) => each.key)).toEqual(["a", "b", "c"]);
  });

  it("finds a Chinese page by its English name, and ignores accents and case", () => {
    expect(fit(entry("x", "顧客", "Customers"), "cust")).toBeGreaterThan(0);
    expect(fit(entry("x", "Café"), "CAFE")).toBe(3);
  });

  it("shows everything in its own order while nothing is typed", () => {
    expect(narrowed([entry("b", "B"), entry("a", "A")], " ").map((each) => each.key)).toEqual(["b", "a"]);
  });

  it("finds nothing for words that are nowhere", () => {
    expect(narrowed([entry("a", "Today")], "zebra")).toEqual([]);
  });
});
