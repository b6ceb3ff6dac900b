import i18next from "i18next";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chooseLanguage } from "../app/i18n";
import { fieldsOf, pointerOf, withField, withoutField } from "./schema";
import { planSearch } from "./search";
import { keyOf, shareOf, steps } from "./shares";
import { changeWords } from "./words";

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

describe("what is different between two versions", () => {
  beforeAll(() => chooseLanguage("ja"));
  afterAll(() => chooseLanguage("en"));
  const line = { event: "", pointer: "", before: "", after: "", sentence: "as the server says" };
  const said = (change: Partial<typeof line> & { kind: string }) => changeWords(i18next.getFixedT("ja", "plans"), { ...line, ...change }, (id) => (id === "s1" ? "Web site" : id));

  it("is said in the reader's language, the values too", () => {
    expect(said({ kind: "mode_changed", before: "observe", after: "block" })).toBe("プラン全体：観察 → ブロック");
    expect(said({ kind: "mode_changed", event: "Song Played", before: "the plan's own mode", after: "warn" })).toBe("Song Played：プランと同じ → 警告");
    expect(said({ kind: "unknown_changed", before: "allow", after: "block" })).toBe("プランにないイベント：通す → ブロックする");
    expect(said({ kind: "sources_changed", before: "all sources", after: "s1, s2" })).toBe("対象：Web site, s2（以前：すべてのソース）");
    expect(said({ kind: "personal_changed", pointer: "/traits/email", before: "nothing", after: "hash (email)" })).toBe("/traits/emailの個人情報の扱い：個人情報でない → 入口でハッシュ化 (email)");
    expect(said({ kind: "type_changed", event: "Song Played", pointer: "/title", before: "string or null", after: "anything" })).toBe("Song Played：/titleを文字列またはnullから指定なしへ");
    expect(said({ kind: "field_added", event: "Song Played", pointer: "/title", after: "string, must be there" })).toBe("Song Played：/titleを追加（文字列, 必須）");
  });

  it("names an event without its call, and keeps the server's sentence for what is not known here", () => {
    expect(said({ kind: "event_added", event: "identify:Identify" })).toBe("Identifyを追加");
    expect(said({ kind: "event_added", event: "Song: Played" })).toBe("Song: Playedを追加");
    expect(said({ kind: "turned_around" })).toBe("as the server says");
  });
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
