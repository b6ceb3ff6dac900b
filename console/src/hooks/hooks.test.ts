import { describe, expect, it } from "vitest";
import type { HookPreview } from "../shared/api";
import { addressOf, isSealed } from "./queries";
import { faultsOf, marked, pretty, renamed } from "./rules";

const preview: HookPreview = {
  events: [],
  failures: [{ code: "hook_unmapped", reason: "Rule 2, properties.n: sum() wants array-number, got string.", at: "rules.1.properties.n" }],
  problems: [{ rule: 0, field: "event", reason: "The expression breaks off here.", start: 1, length: 1 }],
};

describe("a hook's secret", () => {
  const hint = (is_readable: boolean) => ({ ending: "", until: null, is_readable });

  it("is lost when none of several can be read; a hook that has none yet has lost nothing", () => {
    expect([[], [hint(true)], [hint(false), hint(true)], [hint(false)]].map((secrets) => isSealed({ secrets }))).toEqual([false, false, false, true]);
  });
});

describe("the workbench", () => {
  it("shows a fault at the field it is in, and nowhere else", () => {
    expect(faultsOf(preview, 0, "event")).toEqual([{ reason: "The expression breaks off here.", start: 1, length: 1 }]);
    expect(faultsOf(preview, 1, "properties.n")[0]?.reason).toBe("sum() wants array-number, got string.");
    expect(faultsOf(preview, 1, "event")).toEqual([]);
    expect(faultsOf(undefined, 0, "event")).toEqual([]);
  });

  it("cuts an expression where it is wrong, also at its very end", () => {
    expect(marked("a.b ==", 4, 2)).toEqual(["a.b ", "==", ""]);
    expect(marked("a[", 1, 9)).toEqual(["a", "[", ""]);
    expect(marked("a", 7, 1)).toEqual(["a", "", ""]);
  });

  it("keeps the order of properties when one is renamed", () => {
    expect(Object.keys(renamed({ a: "1", b: "2", c: "3" }, "b", "z"))).toEqual(["a", "z", "c"]);
  });

  it("shows a body as a person reads it, and what is no JSON as it came", () => {
    expect([pretty('{"a":1}'), pretty("a=1")]).toEqual(['{\n  "a": 1\n}', "a=1"]);
  });

  it("keeps every digit and every text of a body it lays out", () => {
    const body = '{"id":788032119674292922,"a":[],"b":{"c":"x: {[,]} \\"y\\""},"d":[1,-2.50e3,null]}';
    expect(pretty(body)).toContain("788032119674292922");
    expect(pretty(body)).toContain("-2.50e3");
    expect(pretty('{"a":[],"b":{"c":[1,{}]}}')).toBe(JSON.stringify({ a: [], b: { c: [1, {}] } }, null, 2));
    expect(JSON.parse(pretty(body))).toEqual(JSON.parse(body));
  });

  it("tells the whole address", () => {
    expect(addressOf("/v1/hooks/hk_x", "https://shop.example")).toBe("https://shop.example/v1/hooks/hk_x");
  });
});
