/** What the address of the live events holds, and what that asks of the API. Pure. */

import type { LiveEvent, Outcome } from "../shared/api";

export const OUTCOMES: readonly Outcome[] = ["accepted", "corrected", "duplicate", "rejected"];

export interface EventsSearch {
  name?: string | undefined;
  source_id?: string | undefined;
  outcome?: Outcome | undefined;
  customer?: string | undefined;
  /** The code of a reason. */
  reason?: string | undefined;
  /** The event whose drawer is open. */
  event?: string | undefined;
}

export const words = (value: unknown): string | undefined => {
  const text = typeof value === "number" ? String(value) : value;
  return typeof text === "string" && text.trim() ? text.trim() : undefined;
};

/** Keep what is known; an outcome that does not exist is dropped rather than asked for. */
export function eventsSearch(raw: Record<string, unknown>): EventsSearch {
  const outcome = OUTCOMES.find((each) => each === raw["outcome"]);
  const kept = { name: words(raw["name"]), source_id: words(raw["source_id"]), outcome, customer: words(raw["customer"]), reason: words(raw["reason"]), event: words(raw["event"]) };
  return Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined));
}

export type EventFilters = Omit<EventsSearch, "event">;

export function filtersOf({ name, source_id, outcome, customer, reason }: EventsSearch): EventFilters {
  return { name, source_id, outcome, customer, reason };
}

/** Put news before the list: newest first, nothing twice, no more than `most`. */
export function withNews(list: readonly LiveEvent[], news: readonly LiveEvent[], most: number): LiveEvent[] {
  const seen = new Set<string>();
  return [...news, ...list]
    .filter((event) => {
      const key = keyOf(event);
      return !seen.has(key) && Boolean(seen.add(key));
    })
    .slice(0, most);
}

/** A duplicate has the id of the event it repeats, so the outcome and the moment belong to the key. */
export const keyOf = (event: LiveEvent): string => `${event.event_id}|${event.outcome}|${event.received_at}`;

export const SPANS = ["1h", "6h", "24h", "7d", "30d"] as const;
export type Span = (typeof SPANS)[number];

/** What the address of the rejected ones holds. */
export interface RejectedSearch {
  span?: Span | undefined;
  outcome?: Outcome | undefined;
  source_id?: string | undefined;
  /** The reason whose drawer is open, and of which source. */
  reason?: string | undefined;
  of?: string | undefined;
}

export function rejectedSearch(raw: Record<string, unknown>): RejectedSearch {
  const of = typeof raw["of"] === "string" ? raw["of"] : undefined; // may be empty: nobody's key
  const kept = { span: SPANS.find((each) => each === raw["span"]), outcome: OUTCOMES.find((each) => each === raw["outcome"]), source_id: words(raw["source_id"]), reason: words(raw["reason"]), of };
  return Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined));
}
