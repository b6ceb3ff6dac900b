/** A row that scrolls sideways, by finger, wheel, keyboard or its two buttons. */

import { type Entry, entriesOf, type Reason, type Shelf } from "./api";
import { type Child, h, icon } from "./dom";
import type { Say } from "./words";

/** The line under a card: only what the shelf's own heading does not say already. */
export function whyLine(say: Say, reasons: readonly Reason[]): string {
  const kind = reasons[0]?.kind;
  return kind === "popular" || kind === "trending" ? "" : reasonLine(say, reasons);
}

export function reasonLine(say: Say, reasons: readonly Reason[]): string {
  const first = reasons[0];
  if (!first) return "";
  if (first.kind === "because_you" && !first.title) return first.text;
  if (first.kind === "favourite" && !first.tag) return first.text;
  if (first.kind === "similar" && !first.title) return first.text;
  return say(first.kind, { title: first.title ?? "", tag: (first.tag ?? "").replace(/^[a-z_]+:/u, "") });
}

export function shelf(say: Say, title: string, entries: readonly Entry[], card: (entry: Entry) => Child, kind = ""): HTMLElement {
  const row = h("ul", { class: "row", tabindex: -1 }, entries.map((entry) => h("li", {}, card(entry))));
  const slide = (way: number) => () => row.scrollBy({ left: way * row.clientWidth * 0.85, behavior: "smooth" });
  return h(
    "section",
    { class: `shelf ${kind}` },
    h(
      "header",
      {},
      h("h2", {}, title),
      h(
        "div",
        { class: "slides" },
        h("button", { class: "round", "aria-label": say("earlier"), onclick: slide(-1) }, icon("left")),
        h("button", { class: "round", "aria-label": say("later"), onclick: slide(1) }, icon("right")),
      ),
    ),
    row,
  );
}

/**
 * Shelves worth showing: nothing stands on two of them, each holds at most `most` things and none less than `least`. What
 * one shelf leaves over may stand on the next.
 */
export function distinct(shelves: readonly Shelf[], least = 4, most = 10): { shelf: Shelf; entries: Entry[] }[] {
  const seen = new Set<string>();
  return shelves.flatMap((shelf) => {
    const entries = entriesOf(shelf.slate);
    const because = shelf.slot.startsWith("because");
    if (because && !entries.some((entry) => entry.reasons.some((reason) => reason.kind === "because_you"))) return [];
    const fresh = entries.filter((entry) => !seen.has(entry.item.item_id)).slice(0, most);
    if (fresh.length < Math.min(least, entries.length)) return [];
    for (const entry of fresh) seen.add(entry.item.item_id);
    return [{ shelf, entries: fresh }];
  });
}

/** A shelf's heading in the visitor's language where the page knows the shelf, else as the shop calls it. */
export function heading(say: Say, { shelf, entries }: { shelf: Shelf; entries: readonly Entry[] }): string {
  if (shelf.slot.startsWith("because")) {
    const title = entries.flatMap((entry) => entry.reasons).find((reason) => reason.kind === "because_you")?.title;
    return title ? say("because_you", { title }) : shelf.title;
  }
  const known = say(`shelf_${shelf.slot}`);
  return known === `shelf_${shelf.slot}` ? shelf.title : known;
}

/** What a shelf looks like before it is filled. */
export function bones(count: number, shape: "poster" | "square"): HTMLElement {
  return h(
    "section",
    { class: "shelf bones", "aria-busy": "true" },
    h("header", {}, h("h2", {}, " ")),
    h("ul", { class: "row" }, Array.from({ length: count }, () => h("li", {}, h("div", { class: `cover ${shape}` })))),
  );
}
