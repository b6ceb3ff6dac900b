/** What the shop's demo door answers, and how to ask it. */

import { spokenTitle } from "../../src/catalog/tags";

export interface Item {
  item_id: string;
  kind: string;
  title: string;
  attributes: Record<string, string | number | boolean | string[]>;
  tags: string[];
  available: boolean;
  image: string | null;
}

export interface Reason {
  kind: "because_you" | "popular" | "trending" | "favourite" | "similar";
  text: string;
  item_id?: string | null;
  title?: string | null;
  tag?: string | null;
  share?: number | null;
}

export interface SlateItem {
  item_id: string;
  title: string;
  position: number;
  reasons: Reason[];
  item: { title: string; kind: string; tags: Tag[]; attributes: Item["attributes"]; image: string | null };
}

export type Tag = string | { kind: string; value: string };

export interface Slate {
  slate_id: string;
  slot: string | null;
  policy: string;
  items: SlateItem[];
}

export interface Shelf {
  title: string;
  slot: string;
  slate: Slate;
}

export interface Config {
  write_key: string;
  demo: string;
  simulated: boolean;
}

/** Where a title was seen, so that a click can be joined to what was shown. */
export interface Seen {
  slate_id: string;
  slot: string | null;
  position: number;
}

export interface Entry {
  item: Item;
  reasons: Reason[];
  seen: Seen | null;
}

export class ShopError extends Error {}

async function ask<T>(path: string, query: Record<string, string | null> = {}): Promise<T> {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value) search.set(name, value);
  const answer = await fetch(`/demo/api/${path}${search.size ? `?${search}` : ""}`);
  if (!answer.ok) {
    const problem = (await answer.json().catch(() => ({}))) as { detail?: string };
    throw new ShopError(problem.detail ?? `${answer.status} ${answer.statusText}`);
  }
  return (await answer.json()) as T;
}

export interface Visitor {
  anonymousId: string | null;
  userId: string | null;
}

const who = (visitor: Visitor) => ({ anonymous_id: visitor.anonymousId, user_id: visitor.userId });

export const config = (): Promise<Config> => ask("config");
export const shelves = async (page: string, visitor: Visitor): Promise<Shelf[]> =>
  (await ask<{ shelves: Shelf[] }>("shelves", { page, ...who(visitor) })).shelves;
export const item = (id: string, visitor: Visitor): Promise<{ item: Item; similar: Slate }> =>
  ask(`items/${encodeURIComponent(id)}`, who(visitor));

export async function find(query: string): Promise<Item[]> {
  const found = await ask<{ items: Item[] } | Item[]>("search", { query });
  return Array.isArray(found) ? found : found.items;
}

/** A slate's items as things to show, each with where it was seen. */
export function entriesOf(slate: Slate): Entry[] {
  return slate.items.map((shown) => ({
    item: {
      item_id: shown.item_id,
      kind: shown.item.kind,
      title: shown.item.title || shown.title,
      attributes: shown.item.attributes ?? {},
      tags: (shown.item.tags ?? []).map((tag) => (typeof tag === "string" ? tag : tag.value)),
      available: true,
      image: shown.item.image,
    },
    reasons: shown.reasons ?? [],
    seen: { slate_id: slate.slate_id, slot: slate.slot, position: shown.position },
  }));
}

/** The words of one attribute, whether it holds one or many; the first of the names that is there. */
export function words(of: Item, ...names: string[]): string[] {
  for (const name of names) {
    const value = of.attributes[name];
    if (Array.isArray(value)) return value;
    if (typeof value === "string" && value) return [value];
  }
  return [];
}

export function number(of: Item, ...names: string[]): number | null {
  for (const name of names) {
    const value = of.attributes[name];
    if (typeof value === "number") return value;
    if (typeof value === "string" && value.trim() && Number.isFinite(Number(value))) return Number(value);
  }
  return null;
}

/** "Matrix, The (1999)" as one says it: title and year. */
export function spoken(of: Item): { title: string; year: number | null } {
  const parts = /^(.*?)(?:\s*\((\d{4})\))?$/u.exec(of.title.trim());
  const bare = parts?.[1] ?? of.title;
  const title = spokenTitle(bare);
  return { title, year: number(of, "year", "release_year") ?? (parts?.[2] ? Number(parts[2]) : null) };
}
