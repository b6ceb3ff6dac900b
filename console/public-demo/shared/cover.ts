/** A cover: the item's own picture when it has one, else the poster drawn from its words. */

import { type CoverArt, type CoverTag, coverArt, tellingTag } from "../../src/catalog/cover-art";
import { type Item, spoken, words } from "./api";
import { h } from "./dom";

export function tagsOf(of: Item): CoverTag[] {
  const named = (kind: string, ...names: string[]) => words(of, ...names).map((value) => ({ kind, value }));
  return [
    ...named("genre", "genre", "genres"),
    ...named("category", "category", "categories"),
    ...named("mood", "mood", "moods"),
    ...named("artist", "artist", "artists"),
    ...named("brand", "brand", "brands"),
    ...of.tags.map((value) => ({ kind: "tag", value })),
  ];
}

export const artOf = (of: Item, shape: "poster" | "square"): CoverArt =>
  coverArt({ id: of.item_id, kind: of.kind, title: of.title, tags: tagsOf(of) }, shape);

export function drawing(art: CoverArt, fit: "meet" | "slice" = "slice"): HTMLElement {
  return h(
    "svg",
    {
      viewBox: `0 0 ${art.width} ${art.height}`,
      preserveAspectRatio: `xMidYMid ${fit}`,
      "aria-hidden": "true",
      class: "drawing",
    },
    art.strokes.map((stroke) =>
      h("path", {
        d: stroke.d,
        fill: stroke.fill ?? "none",
        stroke: stroke.stroke,
        "stroke-width": stroke.stroke ? stroke.width : null,
        "stroke-linejoin": "round",
        opacity: stroke.opacity === 1 ? null : stroke.opacity,
      }),
    ),
  );
}

/** A poster with its title set on it, as films have. */
export function poster(of: Item): HTMLElement {
  const art = artOf(of, "poster");
  const { title, year } = spoken(of);
  const longest = Math.max(...title.split(/\s+/u).map((word) => word.length));
  const size = title.length > 34 || longest > 13 ? "long" : title.length > 16 || longest > 9 ? "middle" : "short";
  return h(
    "div",
    { class: "cover poster", style: `--ground:${art.palette.ground};--ink:${art.palette.ink}` },
    of.image ? h("img", { src: of.image, alt: "", loading: "lazy" }) : drawing(art),
    h(
      "div",
      { class: "cover-words" },
      h("span", { class: `cover-title ${size}` }, title),
      h("span", { class: "cover-line" }, [tellingTag(tagsOf(of))?.value, year].filter(Boolean).join(" · ")),
    ),
  );
}

/** A square picture without words, as records and goods have. */
export function square(of: Item): HTMLElement {
  const art = artOf(of, "square");
  return h(
    "div",
    { class: "cover square", style: `--ground:${art.palette.ground};--ink:${art.palette.ink}` },
    of.image ? h("img", { src: of.image, alt: "", loading: "lazy" }) : drawing(art),
  );
}
