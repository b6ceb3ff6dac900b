/** One to five stars; a star pressed is a `Title Rated`. */

import { type Entry, spoken } from "../shared/api";
import { fill, h, icon } from "../shared/dom";
import { toast } from "../shared/shell";
import { seenAt, track } from "../shared/tracker";
import { say } from "./words";

const kept = (id: string): number => Number(sessionStorage.getItem(`rated_${id}`) ?? 0);

export function ratingStars(entry: Entry): HTMLElement {
  const id = entry.item.item_id;
  const box = h("div", { class: "stars", role: "group", "aria-label": say("rate") });
  const rate = (stars: number) => {
    sessionStorage.setItem(`rated_${id}`, String(stars));
    const facts = { asset_id: id, content_asset_id: id, title: spoken(entry.item).title, rating: stars };
    track("Title Rated", { ...facts, ...seenAt(entry) });
    toast(say("rated"));
    draw(stars);
  };
  const draw = (focus?: number) => {
    const given = kept(id);
    fill(
      box,
      [1, 2, 3, 4, 5].map((stars) =>
        h(
          "button",
          { "aria-label": say("rate_n", { n: stars }), "aria-pressed": String(stars === given), class: stars <= given ? "lit" : "", onclick: () => rate(stars) },
          icon("star", 26, stars <= given),
        ),
      ),
    );
    if (focus) (box.children[focus - 1] as HTMLElement).focus();
  };
  draw();
  return box;
}
