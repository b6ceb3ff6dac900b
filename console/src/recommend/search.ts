/** What the address of the slots page holds: which slot, for whom, and how the knobs stand. Pure. */

import type { Slot, SlotFilters } from "../shared/api";

export type Seen = SlotFilters["exclude_seen"];
export const SEEN: readonly Seen[] = ["never", "bought", "played", "any"];

export interface SlotsSearch {
  slot?: string | undefined;
  /** A customer's id, or `new` for somebody nobody knows; left out, whoever was seen last. */
  customer?: string | undefined;
  diversity?: number | undefined;
  novelty?: number | undefined;
  seen?: Seen | undefined;
  kinds?: string[] | undefined;
  tags?: string[] | undefined;
  without?: string[] | undefined;
  /** Also what is not available. */
  all?: boolean | undefined;
}

const word = (value: unknown): string | undefined => (typeof value === "string" && value.trim() ? value.trim() : typeof value === "number" ? String(value) : undefined);
const share = (value: unknown): number | undefined => {
  const number = typeof value === "string" ? Number(value) : value;
  return typeof number === "number" && number >= 0 && number <= 1 ? number : undefined;
};
const wordList = (value: unknown): string[] | undefined => {
  const list = Array.isArray(value) ? value.map(word).filter((each): each is string => each !== undefined) : [];
  return Array.isArray(value) ? list : undefined;
};

export function slotsSearch(raw: Record<string, unknown>): SlotsSearch {
  const kept: SlotsSearch = {
    slot: word(raw["slot"]), customer: word(raw["customer"]), diversity: share(raw["diversity"]), novelty: share(raw["novelty"]),
    seen: SEEN.find((each) => each === raw["seen"]), kinds: wordList(raw["kinds"]), tags: wordList(raw["tags"]), without: wordList(raw["without"]),
    all: typeof raw["all"] === "boolean" ? raw["all"] : undefined,
  };
  return Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined));
}

export interface Knobs {
  filters: SlotFilters;
  diversity: number;
  novelty: number;
}

/** The word in the address for somebody nobody knows. */
export const NEWCOMER = "new";

/** Where the knobs of a slot stand that nobody has turned; the same as the API's own. */
export const DIVERSITY = 0.2;
export const NOVELTY = 0.4;

export const NO_FILTERS: SlotFilters = { kinds: [], tags: [], exclude_tags: [], available_only: true, exclude_seen: "any", max_per_tag: null, max_per_tag_kind: null };

/** How the knobs stand: as the slot has them, unless the address says otherwise. */
export function knobsOf(search: SlotsSearch, slot: Slot | null): Knobs {
  const filters = slot?.filters ?? NO_FILTERS;
  return {
    filters: {
      ...filters,
      kinds: search.kinds ?? filters.kinds,
      tags: search.tags ?? filters.tags,
      exclude_tags: search.without ?? filters.exclude_tags,
      exclude_seen: search.seen ?? filters.exclude_seen,
      available_only: search.all === undefined ? filters.available_only : !search.all,
    },
    diversity: search.diversity ?? slot?.diversity ?? DIVERSITY,
    novelty: search.novelty ?? slot?.novelty ?? NOVELTY,
  };
}

/** Whether a knob stands elsewhere than the slot keeps it. */
export const turned = (search: SlotsSearch): boolean =>
  [search.diversity, search.novelty, search.seen, search.kinds, search.tags, search.without, search.all].some((each) => each !== undefined);

export const AS_SLOT: Partial<SlotsSearch> = { diversity: undefined, novelty: undefined, seen: undefined, kinds: undefined, tags: undefined, without: undefined, all: undefined };
