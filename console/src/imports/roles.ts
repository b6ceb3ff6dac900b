import type { HistoryColumn, MappingPart, RowMapping } from "../shared/api";

/** What a column is pointed at as. `who:card`, `line:price`, `event:total`, or one of the others alone. */
export type Role = string;
export const NONE = "none";

export const WHO = ["user_id", "email", "phone", "card", "anonymous_id"] as const;
export const LINE = ["product_id", "name", "quantity", "price", "category", "brand", "variant"] as const;
export const SALE = ["total", "subtotal", "shipping", "tax", "discount", "coupon", "currency", "affiliation", "payment_method"] as const;
const NUMBERS = new Set(["quantity", "price", "total", "subtotal", "shipping", "tax", "discount", "rating"]);
const TEXTS = new Set(["product_id", "name", "coupon", "currency", "affiliation", "payment_method", "asset_id", "sku"]);

/** The roles that a kind of row has, in groups as they are offered. */
export function rolesFor(row: RowMapping["row"]): { group: string; roles: Role[] }[] {
  const who = { group: "who", roles: WHO.map((kind) => `who:${kind}`) };
  if (row === "call") return [];
  if (row === "customer") return [who, { group: "rest", roles: ["when", "trait"] }];
  if (row === "order_line") {
    return [
      { group: "order", roles: ["order", "when"] },
      who,
      { group: "line", roles: [...LINE.map((name) => `line:${name}`), "line_property"] },
      { group: "sale", roles: [...SALE.map((name) => `event:${name}`), "property"] },
      { group: "rest", roles: ["trait"] },
    ];
  }
  return [
    { group: "event", roles: ["event", "when", "row_id"] },
    who,
    { group: "rest", roles: ["event:asset_id", "event:product_id", "event:rating", "property", "trait"] },
  ];
}

/** What a column means in a mapping. */
export function roleOf(mapping: RowMapping, column: string): Role {
  const who = mapping.who.find((each) => each.column === column);
  if (who) return `who:${who.kind}`;
  if (mapping.when?.columns.includes(column)) return "when";
  if (mapping.event_column === column) return "event";
  if (mapping.message_id === column) return "row_id";
  const part = mapping.properties.find((each) => each.column === column);
  if (part) return roleOfPart(part);
  return mapping.order_id.includes(column) ? "order" : NONE;
}

const BESIDE_ORDER = new Set<Role>(["when", "event:affiliation", "event:payment_method", "property"]);

/** Whether a column that means something else may be a part of the order's number too: the day and the store, where numbers begin anew. */
export const mayNameOrder = (mapping: RowMapping, column: HistoryColumn): boolean =>
  mapping.row === "order_line" && BESIDE_ORDER.has(roleOf(mapping, column.name)) && !isClock(column);

/** The mapping with a column as a part of the order's number, beside what it means, or no longer. */
export const withOrderPart = (mapping: RowMapping, column: string, is_part: boolean): RowMapping => {
  const others = mapping.order_id.filter((each) => each !== column);
  return { ...mapping, order_id: is_part ? [column, ...others] : others };
};

const isClock = (column: HistoryColumn): boolean => column.samples.length > 0 && column.samples.every((sample) => /^\d{1,2}:\d{2}/.test(sample));

function roleOfPart(part: MappingPart): Role {
  if (part.where === "customer") return "trait";
  if (part.where === "line") return LINE.some((name) => name === part.name) ? `line:${part.name}` : "line_property";
  const known = [...SALE, "asset_id", "product_id", "rating"].includes(part.name);
  return known ? `event:${part.name}` : "property";
}

/** The mapping once a column is pointed at as something else; what one column alone can be is taken from the one before. */
export function withRole(mapping: RowMapping, column: HistoryColumn, role: Role): RowMapping {
  const cleared = without(mapping, column.name);
  const [what, name] = role.split(":") as [string, string | undefined];
  switch (what) {
    case "who":
      return { ...cleared, who: [...cleared.who.filter((each) => each.kind !== name || name === "phone"), { kind: name ?? "", column: column.name, country: "", joins_shared: false }] };
    case "when":
      return { ...cleared, when: whenWith(cleared, column) };
    case "order":
      return { ...cleared, order_id: [...cleared.order_id, column.name] };
    case "event":
      return name ? withPart(cleared, column, name, "event") : { ...cleared, event_column: column.name };
    case "row_id":
      return { ...cleared, message_id: column.name };
    case "line":
      return withPart(cleared, column, name ?? column.name, "line");
    case "line_property":
      return withPart(cleared, column, propertyName(column.name), "line");
    case "property":
      return withPart(cleared, column, propertyName(column.name), "event");
    case "trait":
      return withPart(cleared, column, propertyName(column.name), "customer");
    default:
      return cleared;
  }
}

function without(mapping: RowMapping, column: string): RowMapping {
  const columns = mapping.when?.columns.filter((each) => each !== column) ?? [];
  return {
    ...mapping,
    who: mapping.who.filter((each) => each.column !== column),
    when: mapping.when && columns.length > 0 ? { ...mapping.when, columns, format: columns.length === mapping.when.columns.length ? mapping.when.format : "" } : null,
    order_id: mapping.order_id.filter((each) => each !== column),
    event_column: mapping.event_column === column ? "" : mapping.event_column,
    message_id: mapping.message_id === column ? "" : mapping.message_id,
    properties: mapping.properties.filter((each) => each.column !== column),
  };
}

function whenWith(mapping: RowMapping, column: HistoryColumn): RowMapping["when"] {
  const zone = mapping.when?.zone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (mapping.when && isClock(column)) {
    return { columns: [...mapping.when.columns, column.name], format: "", zone }; // a clock beside its day
  }
  const [only, ...others] = column.times;
  return { columns: [column.name], format: only && others.length === 0 ? only.format : "", zone };
}

function withPart(mapping: RowMapping, column: HistoryColumn, name: string, where: MappingPart["where"]): RowMapping {
  const taken = mapping.properties.filter((each) => each.where !== where || each.name !== name);
  const type: MappingPart["type"] = TEXTS.has(name) ? "text" : NUMBERS.has(name) && name !== "quantity" && column.type !== "text" ? (name === "rating" ? "number" : "money") : column.type;
  return { ...mapping, properties: [...taken, { column: column.name, name, type, decimal: column.decimal ?? ".", unit: "as_it_is", where }] };
}

/** `Unit Price` → `unit_price` */
export const propertyName = (column: string): string =>
  (column.split("properties.").pop() ?? column).trim().toLowerCase().replaceAll("-", " ").split(/\s+/).join("_");

/** The mapping with a part changed. */
export const withChangedPart = (mapping: RowMapping, column: string, change: Partial<MappingPart>): RowMapping => ({
  ...mapping,
  properties: mapping.properties.map((each) => (each.column === column ? { ...each, ...change } : each)),
});

/** What must be said before the file can be tried, by the key of its sentence. */
export function missing(mapping: RowMapping): string[] {
  if (mapping.row === "call") return [];
  const found: string[] = [];
  if (mapping.who.length === 0 && mapping.nobody !== "each_alone") found.push("who");
  if (mapping.row !== "customer" && !mapping.when) found.push("when");
  if (mapping.when && !mapping.when.format) found.push("format");
  if (mapping.row === "event" && !mapping.event && !mapping.event_column) found.push("event");
  if (mapping.row === "order_line" && mapping.order_id.length === 0) found.push("order");
  return found;
}

/** A preset or a kept mapping, as far as this file has its columns. */
export function fitted(mapping: RowMapping, columns: readonly string[]): RowMapping {
  const has = new Set(columns);
  const when = mapping.when && mapping.when.columns.every((each) => has.has(each)) ? mapping.when : null;
  return {
    ...mapping,
    order_id: mapping.order_id.filter((each) => has.has(each)),
    who: mapping.who.filter((each) => has.has(each.column)),
    when,
    event_column: has.has(mapping.event_column) ? mapping.event_column : "",
    message_id: has.has(mapping.message_id) ? mapping.message_id : "",
    properties: mapping.properties.filter((each) => has.has(each.column)),
    leave_out: Object.fromEntries(Object.entries(mapping.leave_out).filter(([column]) => has.has(column))),
  };
}

const EMPTY: RowMapping = {
  row: "order_line", event: "", event_column: "", event_names: {}, order_id: [], who: [], when: null, properties: [], constants: {}, message_id: "",
  nobody: "leave_out", leave_out: {}, layout: { encoding: null, delimiter: null, has_header: true, has_quotes: true },
};
const ROWS: readonly unknown[] = ["order_line", "event", "customer", "call"];

/** The mapping that a file holds, with what it leaves open as the shop reads it; null for any other text. */
export function mappingIn(text: string): RowMapping | null {
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof said !== "object" || said === null || !ROWS.includes((said as Partial<RowMapping>).row)) return null;
  const found = said as Partial<RowMapping>; // written by hand: parts may be left out, and the shop says what of the rest is wrong
  return {
    ...EMPTY,
    ...found,
    who: (found.who ?? []).map((each) => ({ ...each, country: each.country ?? "", joins_shared: each.joins_shared ?? false })),
    when: found.when ? { ...found.when, zone: found.when.zone ?? "UTC" } : null,
    properties: (found.properties ?? []).map((each) => ({ ...each, type: each.type ?? "text", decimal: each.decimal ?? ".", unit: each.unit ?? "as_it_is", where: each.where ?? "event" })),
  };
}
