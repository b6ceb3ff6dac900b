/** What the addresses of the customers' pages hold. Pure. */

export interface CustomersSearch {
  query?: string | undefined;
  /** Only those who like this word most; empty for those with no taste yet. */
  taste?: string | undefined;
  /** With a taste: only those seen within a day, as the tiles of Today count them. */
  seen?: "24h" | undefined;
}

export type Tab = "story" | "identity" | "known";
export const TABS: readonly Tab[] = ["story", "identity", "known"];

export interface CustomerSearch {
  tab?: Tab | undefined;
  event?: string | undefined;
}

const word = (value: unknown): string | undefined => {
  const text = typeof value === "number" ? String(value) : value;
  return typeof text === "string" && text.trim() ? text.trim() : undefined;
};

export function customersSearch(raw: Record<string, unknown>): CustomersSearch {
  const query = word(raw["query"]);
  const taste = typeof raw["taste"] === "string" ? raw["taste"] : word(raw["taste"]);
  if (query || taste === undefined) return query ? { query } : {}; // the server finds by one of them
  return { taste, ...(raw["seen"] === "24h" ? { seen: "24h" } : {}) };
}

export function customerSearch(raw: Record<string, unknown>): CustomerSearch {
  const tab = TABS.find((each) => each === raw["tab"]);
  const event = word(raw["event"]);
  return { ...(tab && tab !== "story" ? { tab } : {}), ...(event ? { event } : {}) };
}
