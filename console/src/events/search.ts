/** What the address of the live events holds, and what that asks of the API. Pure. */

import type { LiveEvent, Outcome } from "../shared/api";

export const OUTCOMES: readonly Outcome[] = ["accepted", "corrected", "duplicate", "rejected"];

export interface EventsSearch {
  name?: string | undefined;
  source_id?: string | undefined;
  outcome?: Outcome | undefined;
  customer?: string | undefined;
  /** The event whose drawer is open. */
  event?: string | undefined;
}

const words = (value: unknown): string | undefined => {
  const text = typeof value === "number" ? String(value) : value;
  return typeof text === "string" && text.trim() ? text.trim() : undefined;
};

/** Keep what is known; an outcome that does not exist is dropped rather than asked for. */
export function eventsSearch(raw: Record<string, unknown>): EventsSearch {
  const outcome = OUTCOMES.find((each) => each === raw["outcome"]);
  const kept = { name: words(raw["name"]), source_id: words(raw["source_id"]), outcome, customer: words(raw["customer"]), event: words(raw["event"]) };
  return Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined));
}

export type EventFilters = Omit<EventsSearch, "event">;

export function filtersOf({ name, source_id, outcome, customer }: EventsSearch): EventFilters {
  return { name, source_id, outcome, customer };
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
