import { describe, expect, it } from "vitest";
import { fieldsOf, pointerOf, withField, withoutField } from "./schema";
import { planSearch } from "./search";
import { keyOf, shareOf, steps } from "./shares";

const ORDER = {
  type: "object",
  properties: {
    order_id: { type: "string", pattern: "^o" },
    size: { type: ["string", "null"], enum: ["s", "m", null] },
    products: { type: "array", items: { type: "object", properties: { price: { type: "number" } }, required: ["price"] } },
    either: { type: ["string", "integer"] },
  },
  required: ["order_id", "total"],
};

describe("a schema as fields", () => {
  it("lists every named place, with what a list can show", () => {
    expect(fieldsOf(ORDER).map((field) => [pointerOf(field.path), field.type, field.required, field.more])).toEqual([
      ["/order_id", "string", true, true],
      ["/size", "string", false, false],
      ["/products", "array", false, false],
      ["/products/*/price", "number", true, false],
      ["/either", "mixed", false, true],
      ["/total", "any", true, false],
    ]);
    expect(fieldsOf(ORDER)[1]).toMatchObject({ nullable: true, values: ["s", "m"] });
  });

  it("keeps every rule that a change does not speak of", () => {
    const changed = withField(ORDER, ["order_id"], { required: false });
    expect(changed).toEqual({ ...ORDER, required: ["total"] });
    expect(withField(changed, ["order_id"], { required: true })).toEqual({ ...ORDER, required: ["total", "order_id"] });
  });

  it("drops what only a text can have when it becomes something else", () => {
    expect(withField(ORDER, ["size"], { type: "integer" }).properties).toMatchObject({ size: { type: ["integer", "null"] } });
    expect(withField(ORDER, ["size"], { type: "integer" }).properties).not.toHaveProperty("size.enum");
  });

  it("changes, adds and removes within lists and objects", () => {
    const added = withField(ORDER, ["products", "*", "sku"], { type: "string", required: true });
    expect(fieldsOf(added).map((field) => pointerOf(field.path))).toContain("/products/*/sku");
    expect(withoutField(added, ["products", "*", "sku"])).toEqual(ORDER);
    expect(withField(ORDER, ["products", "*", "price"], { nullable: true })).toMatchObject({ properties: { products: { items: { properties: { price: { type: ["number", "null"] } } } } } });
  });

  it("keeps null among the values of a field that may be null", () => {
    expect(withField(ORDER, ["size"], { values: ["s", "l"] }).properties).toMatchObject({ size: { enum: ["s", "l", null] } });
    expect(withField(ORDER, ["size"], { values: [] }).properties).not.toHaveProperty("size.enum");
    expect(withField(ORDER, ["size"], { nullable: false }).properties).toMatchObject({ size: { type: "string", enum: ["s", "m"] } });
  });

  it("writes pointers as JSON does", () => expect(pointerOf(["a/b", "c~d"])).toBe("/a~1b/c~0d"));
});

describe("the address of a plan", () => {
  it("keeps what is known and drops the rest", () => {
    expect(planSearch({ tab: "fields", span: "7d", name: "Order Completed", version: "3", x: 1 })).toEqual({ tab: "fields", span: "7d", name: "Order Completed", version: 3 });
    expect(planSearch({ tab: "nothing", span: "9y", version: "-1" })).toEqual({});
  });
});

describe("shares", () => {
  it("never rounds a fault away", () => {
    expect(shareOf(0, 10)).toBe(1);
    expect(shareOf(1, 100_000)).toBeLessThan(1);
    expect(shareOf(5, 0)).toBe(1);
  });

  it("fill the steps in which nothing went wrong", () => {
    const found = steps({ since: "2026-10-01T00:00:00Z", until: "2026-10-01T01:00:00Z", step_s: 1_200, series: [{ at: "2026-10-01T00:20:00Z", call: "track", name: "A", events: 3, blocked: 1 }] });
    expect(found.map((step) => step.events["A"] ?? 0)).toEqual([0, 3, 0]);
  });

  it("name an event by its call where that is not track", () => {
    expect([keyOf({ call: "track", name: "A" }), keyOf({ call: "page", name: "Page" })]).toEqual(["A", "page:Page"]);
  });
});
