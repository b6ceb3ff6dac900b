import { describe, expect, test } from "vitest";
import type { LiveEvent } from "../shared/api";
import { changedPaths, differingPaths, linesOf } from "./changes";
import { mainReasons, stepsOf } from "./reasons-over-time";
import { eventsSearch, filtersOf, keyOf, rejectedSearch, withNews } from "./search";

const event = (event_id: string, outcome: LiveEvent["outcome"] = "accepted", received_at = "2026-01-01T00:00:00Z"): LiveEvent => ({
  event_id, outcome, received_at, name: "Page", call: "page", source_id: "web", source_name: "Web", reason: "", warning: "",
  user_id: null, anonymous_id: "a", customer_id: null, occurred_at: received_at, summary: "", codes: [], requests: 1,
});

describe("the address of the live events", () => {
  test("keeps filters and drops an outcome that does not exist", () => {
    expect(eventsSearch({ name: "Page", outcome: "lost", customer: 42, page: 3 })).toEqual({ name: "Page", customer: "42" });
  });

  test("keeps the open event out of what is asked of the API", () => {
    expect(filtersOf({ outcome: "rejected", event: "e1" })).not.toHaveProperty("event");
  });
});

describe("news", () => {
  test("stands before what is there, nothing twice", () => {
    const list = withNews([event("1"), event("2")], [event("3"), event("1")], 10);
    expect(list.map((each) => each.event_id)).toEqual(["3", "1", "2"]);
  });

  test("never makes the list longer than allowed", () => {
    expect(withNews([event("1"), event("2")], [event("3")], 2).map((each) => each.event_id)).toEqual(["3", "1"]);
  });

  test("a duplicate and the event it repeats are two rows", () => {
    expect(keyOf(event("1"))).not.toBe(keyOf(event("1", "duplicate", "2026-01-01T00:01:00Z")));
  });
});

describe("what was changed", () => {
  test("is told by path, and what we only added is no change", () => {
    const sent = { properties: { rating: "4", title: "Heat" }, timestamp: "10:00:00" };
    const kept = { event_id: "e1", properties: { rating: 4, title: "Heat" }, timestamp: "10:05:01" };
    expect([...changedPaths(sent, kept)].sort()).toEqual(["properties.rating", "timestamp"]);
  });

  test("of something that is not JSON is nothing", () => {
    expect(changedPaths("{broken", { a: 1 }).size).toBe(0);
  });
});

test("lines of a value read as JSON again", () => {
  const value = { a: [1, { b: null }], c: {}, d: "x\"y", e: [] };
  const text = linesOf(value).map((line) => (line.name === null ? line.text : `${JSON.stringify(line.name)}: ${line.text}`)).join("\n");
  expect(JSON.parse(text)).toEqual(value);
});

describe("two versions", () => {
  test("differ where a value is another or only one has it, whatever the order", () => {
    const one = { type: "track", properties: { price: 1, tags: ["a", "b"], only: { deep: 1 } } };
    const other = { properties: { tags: ["a", "c"], price: 2 }, type: "track", late: true };
    expect([...differingPaths(one, other)].sort()).toEqual(["late", "properties.only", "properties.only.deep", "properties.price", "properties.tags[1]"]);
    expect(differingPaths(one, structuredClone(one)).size).toBe(0);
  });
});

describe("reasons over time", () => {
  const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 10, minute)).toISOString();
  const series = [{ at: at(0), reason: "not_json", events: 2 }, { at: at(10), reason: "too_large", events: 5 }, { at: at(12), reason: "not_json", events: 1 }, { at: at(12), reason: "no_type", events: 3 }];

  test("name the most frequent first, equal ones by name", () => {
    expect(mainReasons(series, 2)).toEqual(["too_large", "no_type"]);
    expect(mainReasons([], 3)).toEqual([]);
  });

  test("have every step, also the empty ones, and lose nothing that falls into one", () => {
    const steps = stepsOf(series, at(0), 300, Date.parse(at(14)));
    expect(steps.map((step) => step.counts)).toEqual([{ not_json: 2 }, {}, { too_large: 5, not_json: 1, no_type: 3 }]);
  });
});

describe("the address of the rejected ones", () => {
  test("keeps what is known, also nobody's key", () => {
    expect(rejectedSearch({ span: "7d", outcome: "duplicate", reason: "wrong_key", of: "", page: 2 })).toEqual({ span: "7d", outcome: "duplicate", reason: "wrong_key", of: "" });
    expect(rejectedSearch({ span: "2y", outcome: "lost" })).toEqual({});
  });
});
