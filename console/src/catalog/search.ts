/** What the address of the catalog holds. Pure. */

export interface CatalogSearch {
  query?: string | undefined;
  kind?: string | undefined;
  /** `genre:Drama`, or `Drama` of any kind. */
  tag?: string | undefined;
  available?: boolean | undefined;
  /** The item whose drawer is open. */
  item?: string | undefined;
}

const word = (value: unknown): string | undefined => {
  const text = typeof value === "number" ? String(value) : value;
  return typeof text === "string" && text.trim() ? text.trim() : undefined;
};

export function catalogSearch(raw: Record<string, unknown>): CatalogSearch {
  const kept: CatalogSearch = {
    query: word(raw["query"]), kind: word(raw["kind"]), tag: word(raw["tag"]), item: word(raw["item"]),
    available: typeof raw["available"] === "boolean" ? raw["available"] : undefined,
  };
  return Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined));
}
