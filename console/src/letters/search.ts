/** What the address of the dead letters holds, and what that asks of the API. Pure. */

import { words } from "../events/search";

export const STATES = ["open", "retried", "discarded"] as const;
export type State = (typeof STATES)[number];
export const DAYS = ["1", "7", "30"] as const;
export type Days = (typeof DAYS)[number];

export interface LettersSearch {
  state?: State | undefined;
  stopped_by?: string | undefined;
  source_id?: string | undefined;
  code?: string | undefined;
  name?: string | undefined;
  customer?: string | undefined;
  /** How far back, in days; left out means all. */
  days?: Days | undefined;
  /** The letter whose drawer is open. */
  letter?: number | undefined;
  /** Whether all of the query are being mended. */
  mend?: true | undefined;
}

export function lettersSearch(raw: Record<string, unknown>): LettersSearch {
  const letter = Number(raw["letter"]);
  const kept: LettersSearch = {
    state: STATES.find((each) => each === raw["state"] && each !== "open"),
    stopped_by: words(raw["stopped_by"]),
    source_id: words(raw["source_id"]),
    code: words(raw["code"]),
    name: words(raw["name"]),
    customer: words(raw["customer"]),
    days: DAYS.find((each) => each === String(raw["days"])),
    letter: Number.isInteger(letter) && letter > 0 ? letter : undefined,
    mend: raw["mend"] === true || raw["mend"] === "true" ? true : undefined,
  };
  return Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined));
}

export interface WantedLetters {
  state: State;
  stopped_by?: string;
  source_id?: string;
  code?: string;
  name?: string;
  customer?: string;
  since?: string;
}

/** The query as the API takes it; `since` falls on a whole minute, so that it stays the same while one looks. */
export function wantedOf({ state = "open", stopped_by, source_id, code, name, customer, days }: LettersSearch, now_ms: number): WantedLetters {
  const since = days && new Date(Math.floor((now_ms - Number(days) * 86_400_000) / 60_000) * 60_000).toISOString();
  const wanted = { state, stopped_by, source_id, code, name, customer, since };
  return Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined)) as unknown as WantedLetters; // `state` is always there
}
