import { describe, expect, it } from "vitest";
import type { HistoryColumn, RowMapping } from "../shared/api";
import { countryHere } from "./queries";
import { fitted, mappingIn, mayNameOrder, missing, NONE, propertyName, roleOf, rolesFor, withChangedPart, withOrderPart, withRole } from "./roles";

const column = (name: string, more: Partial<HistoryColumn> = {}): HistoryColumn => ({
  name, samples: ["1"], filled_share: 1, type: "text", decimal: ".", times: [], ...more,
});
const empty: RowMapping = {
  row: "order_line", event: "", event_column: "", event_names: {}, order_id: [], who: [], when: null, properties: [], constants: {},
  message_id: "", nobody: "leave_out", leave_out: {}, layout: { encoding: null, delimiter: null, has_header: true, has_quotes: true },
};

describe("pointing at columns", () => {
  it("gives back the role that was pointed at, for every role of every kind of row", () => {
    for (const row of ["order_line", "event", "customer"] as const) {
      for (const role of rolesFor(row).flatMap((each) => each.roles)) {
        expect(roleOf(withRole({ ...empty, row }, column("Some column"), role), "Some column")).toBe(role);
      }
    }
  });

  it("lets a column be one thing at a time, and takes it back", () => {
    const card = withRole(empty, column("A"), "who:card");
    const price = withRole(card, column("A", { type: "money" }), "line:price");
    expect([price.who, price.properties.map((each) => each.name)]).toEqual([[], ["price"]]);
    expect(roleOf(withRole(price, column("A"), NONE), "A")).toBe(NONE);
  });

  it("lets one column alone be the e-mail address, and several name an order", () => {
    const mail = withRole(withRole(empty, column("A"), "who:email"), column("B"), "who:email");
    expect(mail.who.map((each) => each.column)).toEqual(["B"]);
    const order = withRole(withRole(empty, column("Store"), "order"), column("Receipt"), "order");
    expect(order.order_id).toEqual(["Store", "Receipt"]);
  });

  it("lets the day and the store be a part of the order's number beside what they mean", () => {
    const date = column("Date", { samples: ["2026-03-01"], times: [{ format: "iso", examples: [] }] });
    const day = withRole(withRole(empty, column("Receipt"), "order"), date, "when");
    const both = withOrderPart(day, "Date", true);
    expect([both.order_id, roleOf(both, "Date"), roleOf(both, "Receipt")]).toEqual([["Date", "Receipt"], "when", "order"]);
    expect(withOrderPart(both, "Date", false)).toEqual(day);
    const store = withOrderPart(withRole(both, column("Store"), "event:affiliation"), "Store", true);
    expect([roleOf(store, "Store"), store.order_id]).toEqual(["event:affiliation", ["Store", "Date", "Receipt"]]);
    expect([mayNameOrder(both, date), mayNameOrder(both, column("Receipt")), mayNameOrder({ ...both, row: "event" }, date)]).toEqual([true, false, false]);
    const clock = column("Time", { samples: ["18:05"] });
    expect(mayNameOrder(withRole(both, clock, "when"), clock)).toBe(false);
  });

  it("reads a mapping written by hand, with what it leaves open as the shop reads it", () => {
    const found = mappingIn('{"row":"event","event_column":"event","who":[{"kind":"user_id","column":"user"}],"when":{"columns":["at"],"format":"iso"},"properties":[{"column":"sku","name":"product_id"}]}');
    expect(found).toEqual({ ...empty, row: "event", event_column: "event", who: [{ kind: "user_id", column: "user", country: "", joins_shared: false }], when: { columns: ["at"], format: "iso", zone: "UTC" }, properties: [{ column: "sku", name: "product_id", type: "text", decimal: ".", unit: "as_it_is", where: "event" }] });
    expect(["no json", "[]", "null", "7", '{"row":"basket"}'].map(mappingIn)).toEqual([null, null, null, null, null]);
  });

  it("takes the format of a time where there is one, and asks where there are two", () => {
    const reading = (format: string) => ({ format, examples: [] });
    expect(withRole(empty, column("A", { times: [reading("iso")] }), "when").when?.format).toBe("iso");
    const two = withRole(empty, column("A", { times: [reading("DD/MM/YYYY"), reading("MM/DD/YYYY")] }), "when");
    expect([two.when?.format, missing(two)]).toEqual(["", ["who", "format", "order"]]);
  });

  it("joins a clock to its day", () => {
    const day = withRole(empty, column("Date", { times: [{ format: "iso", examples: [] }] }), "when");
    expect(withRole(day, column("Time", { samples: ["18:05", "9:30"] }), "when").when?.columns).toEqual(["Date", "Time"]);
  });

  it("reads prices as money, numbers of products as text", () => {
    const price = withRole(empty, column("P", { type: "number" }), "line:price");
    const product = withRole(price, column("N", { type: "whole" }), "line:product_id");
    expect(product.properties.map((each) => each.type)).toEqual(["money", "text"]);
    expect(withChangedPart(product, "P", { decimal: "," }).properties[0]?.decimal).toBe(",");
  });

  it("names properties as they are written in code", () => {
    expect([propertyName("Unit Price"), propertyName("properties.asset_id"), propertyName("商品 名稱")]).toEqual(["unit_price", "asset_id", "商品_名稱"]);
  });

  it("keeps of a kept mapping what this file has", () => {
    const mapping = withRole(withRole(empty, column("A"), "who:card"), column("B"), "order");
    expect(fitted(mapping, ["A"])).toMatchObject({ order_id: [], who: [{ column: "A" }] });
  });

  it("knows a country by the language of a browser", () => {
    expect([countryHere(["zh-TW"]), countryHere(["ja"]), countryHere(["en-GB"])]).toEqual(["TW", "JP", "GB"]);
  });
});
