import { describe, expect, test } from "vitest";
import { isWhole, operationOf, patchOf, pointerOf, valueOf } from "./patch";
import { lettersSearch, wantedOf } from "./search";

describe("the address of the dead letters", () => {
  test("keeps what is known and drops the rest", () => {
    expect(lettersSearch({ state: "lost", code: "not_json", letter: "7", days: 7, mend: "true", page: 3 })).toEqual({ code: "not_json", letter: 7, days: "7", mend: true });
    expect(lettersSearch({ state: "open", letter: "x" })).toEqual({});
  });

  test("asks for open ones unless it says otherwise, and for whole minutes", () => {
    const now = Date.parse("2026-11-22T10:00:30.500Z");
    expect(wantedOf({ code: "not_json", letter: 7 }, now)).toEqual({ state: "open", code: "not_json" });
    expect(wantedOf({ state: "discarded", days: "1" }, now)).toEqual({ state: "discarded", since: "2026-11-21T10:00:00.000Z" });
  });
});

describe("a change put together by hand", () => {
  test("is an operation of RFC 6902", () => {
    expect(operationOf({ deed: "copy", field: "properties.session_id", to: "anonymousId" })).toEqual({ op: "copy", from: "/properties/session_id", path: "/anonymousId" });
    expect(operationOf({ deed: "rename", field: "/properties/pirce", to: "properties.price" })).toEqual({ op: "move", from: "/properties/pirce", path: "/properties/price" });
    expect(operationOf({ deed: "set", field: "type", to: "track" })).toEqual({ op: "add", path: "/type", value: "track" });
    expect(operationOf({ deed: "drop", field: "properties.debug", to: "" })).toEqual({ op: "remove", path: "/properties/debug" });
  });

  test("takes JSON for values where it is JSON, and escapes what a pointer must", () => {
    expect([valueOf("42"), valueOf("true"), valueOf('"42"'), valueOf("ann")]).toEqual([42, true, "42", "ann"]);
    expect(pointerOf("properties.a/b")).toBe("/properties/a~1b");
  });

  test("is whole only with all its parts", () => {
    expect(isWhole({ deed: "drop", field: "x", to: "" })).toBe(true);
    expect(isWhole({ deed: "set", field: "x", to: " " })).toBe(false);
  });

  test("written as JSON is a list or nothing yet", () => {
    expect(patchOf('[{"op": "remove", "path": "/x"}]')).toHaveLength(1);
    expect([patchOf("{}"), patchOf("[")]).toEqual([null, null]);
  });
});
