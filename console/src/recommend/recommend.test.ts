import { describe, expect, test } from "vitest";
import type { Policy, Slot } from "../shared/api";
import { differencesOf, inOrder, overlap, type Strategy } from "./differences";
import { apartFrom, axisOf } from "./intervals";
import { bare } from "./reasons";
import { knobsOf, NO_FILTERS, slotsSearch, turned } from "./search";

const strategy = (policy: Policy, ...ids: string[]): Strategy => ({
  policy, title: policy,
  slate: { slate_id: policy, slot: null, customer_id: null, policy, model_version: null, stale: false, experiment: null, items: ids.map((item_id, at) => ({ item_id, title: item_id, score: 1, position: at + 1, sources: [], reasons: [], item: null })) },
});

describe("side by side", () => {
  const strategies = inOrder([strategy("rules", "b", "a", "x"), strategy("popular", "x", "y"), strategy("blend", "a", "b", "c")], "blend");
  const differences = differencesOf(strategies);

  test("the served strategy stands first", () => {
    expect(strategies.map((each) => each.policy)).toEqual(["blend", "rules", "popular"]);
  });

  test("a place higher or lower is told against the served slate", () => {
    expect(differences.get("rules")?.get("b")).toEqual({ alone: false, moved: 1 });
    expect(differences.get("rules")?.get("a")).toEqual({ alone: false, moved: -1 });
  });

  test("what only one strategy shows is marked, and so is what the served one lacks", () => {
    expect(differences.get("popular")?.get("y")).toEqual({ alone: true, moved: null });
    expect(differences.get("popular")?.get("x")).toEqual({ alone: false, moved: null });
  });

  test("a strategy all alone marks nothing", () => {
    expect(differencesOf([strategy("blend", "a")]).get("blend")?.get("a")?.alone).toBe(false);
  });

  test("the overlap is the share of the first slate that the second shows too", () => {
    expect(overlap(strategies[0] as Strategy, strategies[1] as Strategy)).toBeCloseTo(2 / 3);
    expect(overlap(strategy("blend"), strategy("rules", "a"))).toBe(0);
  });
});

describe("knobs", () => {
  const slot: Slot = { name: "home", title: "Home", policy: "blend", count: 12, filters: { ...NO_FILTERS, exclude_tags: ["Horror"] }, diversity: 0.3, novelty: 0.1, experiment_key: null, updated_at: "2026-01-01T00:00:00Z" };

  test("stand as the slot has them until the address says otherwise", () => {
    expect(knobsOf({}, slot)).toMatchObject({ diversity: 0.3, filters: { exclude_tags: ["Horror"] } });
    expect(knobsOf({ diversity: 0, without: [] }, slot)).toMatchObject({ diversity: 0, filters: { exclude_tags: [] } });
    expect(knobsOf({ all: true }, slot).filters.available_only).toBe(false);
  });

  test("choosing a slot or a customer turns none of them", () => {
    expect(turned({ slot: "home", customer: "c" })).toBe(false);
    expect(turned({ novelty: 0 })).toBe(true);
  });

  test("of an address that lies are ignored", () => {
    expect(slotsSearch({ diversity: 7, seen: "sometimes", kinds: "video", novelty: "0.5" })).toEqual({ novelty: 0.5 });
  });
});

test("a tag is said without its kind, and a colon inside it stays", () => {
  expect(bare("genre:Hip-hop")).toBe("Hip-hop");
  expect(bare("Drama")).toBe("Drama");
  expect(bare("tag:2001: A Space Odyssey")).toBe("2001: A Space Odyssey");
});

describe("click rates", () => {
  const line = (policy: Policy, low: number, high: number) => ({ policy, low, high, ctr: (low + high) / 2, shown: 100, clicked: 5 });

  test("stand on an axis that begins at zero and ends at a round step above the highest bound", () => {
    expect(axisOf([line("blend", 0.06, 0.084)])).toEqual({ top: 0.1, ticks: [0, 0.02, 0.04, 0.06, 0.08, 0.1] });
    expect(axisOf([]).top).toBeGreaterThan(0);
  });

  test("are called different only where their intervals do not touch", () => {
    expect(apartFrom([line("blend", 0.06, 0.08), line("rules", 0.02, 0.04)], "blend")).toEqual({ kind: "better", others: ["rules"] });
    expect(apartFrom([line("blend", 0.02, 0.04), line("rules", 0.06, 0.08)], "blend")).toEqual({ kind: "worse", others: ["rules"] });
    expect(apartFrom([line("blend", 0.02, 0.06), line("rules", 0.05, 0.08)], "blend")?.kind).toBe("unsure");
    expect(apartFrom([line("blend", 0.02, 0.06)], "blend")).toBeNull();
  });
});
