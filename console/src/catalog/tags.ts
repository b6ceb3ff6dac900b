/** The words an item carries, with their kind, wherever the answer keeps them. */

import type { CoverTag } from "./cover-art";

const KINDS: Record<string, string> = {
  genre: "genre", genres: "genre", artist: "artist", artists: "artist", brand: "brand", brands: "brand",
  category: "category", categories: "category", mood: "mood", moods: "mood", language: "language", languages: "language",
  author: "author", authors: "author", director: "director", directors: "director", actor: "actor", actors: "actor",
  series: "series", album: "album", colour: "colour", color: "colour",
};

interface Tagged {
  tags: readonly (string | CoverTag)[];
  attributes: Readonly<Record<string, unknown>>;
}

export function tagsOf(item: Tagged): CoverTag[] {
  const found: CoverTag[] = [];
  for (const [name, value] of Object.entries(item.attributes ?? {})) {
    const kind = KINDS[name.toLowerCase()];
    if (!kind) continue;
    for (const word of Array.isArray(value) ? value : [value]) if (typeof word === "string" && word) found.push({ kind, value: word });
  }
  for (const tag of item.tags ?? []) found.push(typeof tag === "string" ? { kind: "tag", value: tag } : tag);
  const seen = new Set<string>();
  return found.filter((tag) => {
    const key = `${tag.kind}\t${tag.value}`;
    return !seen.has(key) && Boolean(seen.add(key));
  });
}

/** "Matrix, The (1999)" as one says it. */
export function spokenTitle(title: string): string {
  const bare = title.replace(/\s*\(\d{4}\)\s*$/u, "");
  const article = /^(.*?), (The|A|An|Le|La|Les|Il|Das|Der|Die|El)( \(.*\))?$/u.exec(bare);
  return article ? `${article[2]} ${article[1]}${article[3] ?? ""}` : bare;
}
