import { describe, expect, it } from "vitest";
import { FAMILIES, familyOf, OPTIONS, placeName, sameIn, snippet, STACKS, stackFor } from "./snippets";
import { sourceState } from "./state";

describe.each(STACKS)("the snippet for %s", (stack) => {
  it("already holds the key and this shop's address", () => {
    const code = snippet(stack, "wk_abc", "https://shop.example.com:8443");
    expect(code).toContain("wk_abc");
    expect(code).toContain("shop.example.com:8443");
    expect(code).not.toMatch(/WRITE_KEY|YOUR_|{{/);
  });
});

it("the stack offered first is the one somebody with that source would reach for", () => {
  expect([stackFor("web"), stackFor("server"), stackFor("ios")]).toEqual(["regulars", "segment-python", "curl"]);
});

it("every stack is in one family, and who changes the family stays in the same place", () => {
  expect(Object.values(FAMILIES).flat().sort()).toEqual([...STACKS].sort());
  for (const stack of STACKS) expect(FAMILIES[familyOf(stack)]).toContain(stack);
  expect([sameIn("rudder", "segment-python"), sameIn("segment", "curl"), sameIn("curl", "rudder-node")]).toEqual(["rudder-python", "segment-browser", "curl"]);
  expect(placeName("rudder-node")).toBe("Node.js");
});

it("our own snippet says what was chosen, and nothing else", () => {
  const plain = snippet("regulars", "wk_abc", "https://shop.example.com");
  const line = '    host: "https://shop.example.com",\n';
  expect(plain).toContain(line);
  expect(snippet("regulars", "wk_abc", "https://shop.example.com", ["gate", "cookie"])).toBe(plain.replace(line, `${line}    ${OPTIONS.gate},\n    ${OPTIONS.cookie},\n`));
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
