import { describe, expect, test } from "vitest";
import type { LiveEvent } from "../shared/api";
import { changedPaths, linesOf } from "./changes";
import { eventsSearch, filtersOf, keyOf, withNews } from "./search";

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
