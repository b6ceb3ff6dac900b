import { describe, expect, it } from "vitest";
import { snippet, STACKS, stackFor } from "./snippets";
import { sourceState } from "./state";

describe.each(STACKS)("the snippet for %s", (stack) => {
  it("already holds the key and this shop's address", () => {
    const code = snippet(stack, "wk_abc", "https://shop.example.com:8443");
    expect(code).toContain("wk_abc");
    expect(code).toContain("shop.example.com:8443");
    expect(code).not.toMatch(/WRITE_KEY|YOUR_/);
  });
});

it("the stack offered first is the one somebody with that source would reach for", () => {
  expect([stackFor("web"), stackFor("server"), stackFor("ios")]).toEqual(["regulars", "python", "curl"]);
});

describe("a source", () => {
  const now = Date.parse("2026-11-22T12:00:00Z");
  it.each([
    [{ enabled: false, last_event_at: "2026-11-22T11:59:00Z" }, "closed"],
    [{ enabled: true, last_event_at: null }, "waiting"],
    [{ enabled: true, last_event_at: "2026-11-22T11:59:00Z" }, "receiving"],
    [{ enabled: true, last_event_at: "2026-11-21T11:59:00Z" }, "quiet"],
  ] as const)("%o is %s", (source, state) => {
    expect(sourceState(source, now)).toBe(state);
  });
});
