import { describe, expect, it } from "vitest";
import type { Destination, DestinationFigures, DestinationKind } from "../shared/api";
import { presetsOf } from "./presets";
import { readTrait, writeTrait } from "./rule";
import { fieldsOf, matters, trimmed, widgetOf } from "./schema";
import { destinationSearch } from "./search";
import { barsOf, byNeed, sumsOf } from "./state";

const span = (at: string, more: Partial<DestinationFigures["spans"][number]> = {}) => ({ at, delivered: 0, retried: 0, dead: 0, skipped: 0, requests: 0, mean_ms: null, slowest_ms: null, ...more });
const figures: DestinationFigures = {
  span_minutes: 24, from_at: "2026-10-01T00:00:00Z", to_at: "2026-10-01T02:00:00Z",
  spans: [span("2026-10-01T00:24:00Z", { delivered: 6, requests: 3, mean_ms: 10 }), span("2026-10-01T01:12:00Z", { retried: 1, requests: 1, mean_ms: 50, slowest_ms: 50 })],
};

describe("the picture", () => {
  it("shows quiet spans as well", () => {
    const bars = barsOf(figures);
    expect(bars.map((bar) => bar.delivered + bar.retried)).toEqual([0, 6, 0, 1, 0, 0]);
    expect(bars[1]?.until).toBe("2026-10-01T00:48:00.000Z");
  });

  it("weighs the mean by requests", () => {
    expect(sumsOf(figures)).toEqual({ delivered: 6, retried: 1, dead: 0, mean_ms: 20 });
    expect(sumsOf({ ...figures, spans: [] }).mean_ms).toBeNull();
  });
});

describe("the list", () => {
  const one = (name: string, state: Destination["health"]["state"], dead_letters = 0) => ({ name, health: { state, dead_letters } }) as Destination; // what the order looks at

  it("puts whoever needs a person first", () => {
    const all = [one("b", "good"), one("a", "good"), one("c", "good", 3), one("d", "paused"), one("e", "failing")];
    expect([...all].sort(byNeed).map((each) => each.name)).toEqual(["e", "d", "c", "a", "b"]);
  });
});

describe("a form from a schema", () => {
  it("chooses the control by what a setting is", () => {
    expect(widgetOf("url", { type: "string", format: "uri" })).toBe("text");
    expect(widgetOf("template", { type: "string", format: "jmespath" })).toBe("expression");
    expect(widgetOf("password", { type: "string", writeOnly: true })).toBe("secret");
    expect(widgetOf("headers", { type: "object" })).toBe("pairs");
    expect(widgetOf("mode", { enum: ["all", "changes"] })).toBe("choice");
  });

  it("asks for a login only where one logs in, and leaves out what is empty", () => {
    const schema = { required: ["url"], properties: { url: { type: "string" }, password: { type: "string", writeOnly: true }, options: { type: "object" }, file_name: { type: "string" } } };
    expect(matters("password", { url: "drop" })).toBe(false);
    expect(matters("password", { url: "sftp://a@b" })).toBe(true);
    expect(matters("options", { url: "s3://b" })).toBe(true);
    expect(matters("options", { url: "sftp://a@b" })).toBe(false);
    expect(fieldsOf(schema, { url: "drop" }).first.map(([name]) => name)).toEqual(["url"]);
    expect(fieldsOf(schema, { url: "drop" }).more.map(([name]) => name)).toEqual(["file_name"]);
    expect(trimmed(schema, { url: "drop", password: "left from before", file_name: "" })).toEqual({ url: "drop" });
  });

  it("offers another package's kind after ours", () => {
    const kinds = ["webhook", "printer"].map((name) => ({ name, feed: "events", signed: false, settings_schema: {} })) as DestinationKind[]; // as the shop lists them
    expect(presetsOf(kinds).map((each) => each.key)).toEqual(["webhook", "slack", "printer"]);
  });
});

describe("the address and the rule", () => {
  it("keeps what it knows and drops what it does not", () => {
    expect(destinationSearch({ tab: "letters", range: "168", outcome: "lost", from: "x" })).toEqual({ tab: "letters", range: 168 });
  });

  it("writes and reads a trait", () => {
    expect(readTrait("plan = pro")).toEqual({ name: "plan", value: "pro" });
    expect(readTrait("plan")).toEqual({ name: "plan", value: null });
    expect(writeTrait(readTrait("plan=pro"))).toBe("plan = pro");
  });
});
