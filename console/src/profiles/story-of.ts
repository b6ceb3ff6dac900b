/** A customer's facts as a story: days, within them sessions, within them what happened. Pure. */

import type { TimelineEntry } from "../shared/api";

export interface Sitting {
  key: string;
  session: string | null;
  from: string;
  to: string;
  entries: TimelineEntry[];
}

export interface Day {
  /** Local date, YYYY-MM-DD. */
  day: string;
  at: string;
  sittings: Sitting[];
}

const SILENCE_MS = 30 * 60_000; // without a session id, half an hour of silence ends a sitting

function dayOf(at: string, timeZone: string | undefined): string {
  return new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit", ...(timeZone ? { timeZone } : {}) }).format(new Date(at));
}

/** Group entries (newest first, as the API gives them) by local day and then by session. */
export function storyOf(entries: readonly TimelineEntry[], timeZone?: string): Day[] {
  const days: Day[] = [];
  for (const entry of entries) {
    const day = dayOf(entry.occurred_at, timeZone);
    let here = days.at(-1);
    if (here?.day !== day) {
      here = { day, at: entry.occurred_at, sittings: [] };
      days.push(here);
    }
    const sitting = here.sittings.at(-1);
    if (sitting && belongs(sitting, entry)) {
      sitting.entries.push(entry);
      sitting.from = entry.occurred_at;
    } else {
      here.sittings.push({ key: entry.event_id, session: entry.session, from: entry.occurred_at, to: entry.occurred_at, entries: [entry] });
    }
  }
  return days;
}

function belongs(sitting: Sitting, entry: TimelineEntry): boolean {
  if (sitting.session !== null && entry.session !== null) return sitting.session === entry.session;
  return new Date(sitting.from).getTime() - new Date(entry.occurred_at).getTime() < SILENCE_MS;
}

export type Chapter = "seen" | "played" | "bought" | "liked" | "told" | "shown" | "who" | "other";

const CHAPTERS: [RegExp, Chapter][] = [
  [/^(slate shown|experiment viewed|.*message (sent|delivered)|email .*|push .*)/i, "shown"],
  [/^(identify|alias|group|customers merged|signed)/i, "who"],
  [/(liked|rated|wishlist|reviewed|saved|shared)/i, "liked"],
  [/(order|checkout|payment|product added|product removed|cart|coupon)/i, "bought"],
  [/(played|playback|content started|content playing|content completed|song|episode)/i, "played"],
  [/(searched|filtered)/i, "told"],
  [/(viewed|clicked|page|screen|opened)/i, "seen"],
];

/** Which kind of thing an event is, for its sign in the story. */
export function chapterOf(name: string): Chapter {
  return CHAPTERS.find(([pattern]) => pattern.test(name))?.[1] ?? "other";
}
