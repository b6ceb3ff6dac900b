import type { ReactNode } from "react";

export type EntryGroup = "customers" | "items" | "pages" | "actions";
export interface Entry {
  key: string;
  group: EntryGroup;
  words: string;
  hint?: string;
  keys?: string;
  icon: ReactNode;
  /** Other words by which it may be found, e.g. its English name in a Chinese console. */
  also?: string;
  run: () => void;
}

const plain = (text: string): string => text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();

/** How well an entry answers what was typed: 3 begins with it, 2 a word begins with it, 1 holds it, 0 does not. */
export function fit(entry: Pick<Entry, "words" | "also">, typed: string): number {
  const wanted = plain(typed.trim());
  if (!wanted) return 1;
  const text = plain(`${entry.words} ${entry.also ?? ""}`);
  if (text.startsWith(wanted)) return 3;
  if (text.split(/[\s&,/]+/).some((word) => word.startsWith(wanted))) return 2;
  return text.includes(wanted) ? 1 : 0;
}

/** The entries that answer, best first, otherwise in their own order. */
export function narrowed(entries: readonly Entry[], typed: string): Entry[] {
  return entries
    .map((entry) => ({ entry, fit: fit(entry, typed) }))
    .filter((each) => each.fit > 0)
    .sort((one, other) => other.fit - one.fit)
    .map((each) => each.entry);
}
