/** What the addresses of the customers' pages hold. Pure. */

export interface CustomersSearch {
  query?: string | undefined;
  /** Only those of the latest who like this word most; empty for those with no taste yet. */
  taste?: string | undefined;
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
  return { ...(query ? { query } : {}), ...(taste === undefined ? {} : { taste }) };
}

export function customerSearch(raw: Record<string, unknown>): CustomerSearch {
  const tab = TABS.find((each) => each === raw["tab"]);
  const event = word(raw["event"]);
  return { ...(tab && tab !== "story" ? { tab } : {}), ...(event ? { event } : {}) };
}
