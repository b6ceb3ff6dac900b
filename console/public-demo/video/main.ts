/** Corner Cinema: shelves of titles, one title's page, search. Every state has an address. */

import "../shared/theme";
import "./video.css";
import * as api from "../shared/api";
import { artOf, drawing, poster, tagsOf } from "../shared/cover";
import { fill, h, icon } from "../shared/dom";
import { bones, distinct, heading, reasonLine, shelf, whyLine } from "../shared/shelf";
import { shell, trouble } from "../shared/shell";
import * as tracker from "../shared/tracker";
import { play } from "./player";
import { ratingStars } from "./rating";
import { say } from "./words";

const seenById = new Map<string, api.Entry>();
const frame = { say, name: "Corner Cinema", mark: "◐", onHome: () => go({}), onSearch: search, onPerson: () => show() };
let main: HTMLElement = document.body;

function go(query: Record<string, string>): void {
  const search = new URLSearchParams(query);
  history.pushState(null, "", search.size ? `?${search}` : location.pathname);
  show();
}

function search(query: string): void {
  const place = new URLSearchParams(query ? { q: query } : {});
  history.replaceState(null, "", place.size ? `?${place}` : location.pathname);
  show();
}

function open(entry: api.Entry): void {
  const { title } = api.spoken(entry.item);
  seenById.set(entry.item.item_id, entry);
  if (entry.seen) tracker.track("Item Clicked", { item_id: entry.item.item_id, title, ...tracker.seenAt(entry) });
  go({ title: entry.item.item_id });
}

function card(entry: api.Entry): HTMLElement {
  const why = whyLine(say, entry.reasons);
  const click = (event: Event) => {
    if ((event as MouseEvent).metaKey || (event as MouseEvent).ctrlKey) return;
    event.preventDefault();
    open(entry);
  };
  return h(
    "a",
    { class: "card", href: `?title=${encodeURIComponent(entry.item.item_id)}`, onclick: click },
    poster(entry.item),
    why ? h("span", { class: "why" }, why) : null,
  );
}

function hero(entry: api.Entry): HTMLElement {
  const art = artOf(entry.item, "poster");
  const { title, year } = api.spoken(entry.item);
  const facts = [year, ...tagsOf(entry.item).slice(0, 3).map((tag) => tag.value)].filter(Boolean);
  return h(
    "section",
    { class: "hero", style: `--ground:${art.palette.ground};--ink:${art.palette.ink};--first:${art.palette.first}` },
    h(
      "div",
      { class: "hero-words" },
      h("p", { class: "hero-lead" }, reasonLine(say, entry.reasons) || say("tonight")),
      h("h1", {}, title),
      h("p", { class: "hero-facts" }, facts.join(" · ")),
      h(
        "div",
        { class: "hero-do" },
        h("button", { class: "on-art", onclick: () => start(entry) }, icon("play", 20, true), say("play")),
        h("button", { class: "on-art line", onclick: () => open(entry) }, say("details")),
      ),
    ),
    h("div", { class: "hero-art" }, drawing(art)),
  );
}

function start(entry: api.Entry): void {
  if (entry.seen && !seenById.has(entry.item.item_id)) {
    tracker.track("Item Clicked", { item_id: entry.item.item_id, title: api.spoken(entry.item).title, ...tracker.seenAt(entry) });
    seenById.set(entry.item.item_id, entry);
  }
  play(entry, () => show());
}

async function home(): Promise<void> {
  fill(main, h("div", { class: "hero bones" }), bones(8, "poster"), bones(8, "poster"));
  tracker.page("Home");
  const rows = await api.shelves("video", tracker.visitor());
  const full = distinct(rows);
  const lead = full[0]?.entries[0];
  if (!lead) return fill(main, h("div", { class: "note" }, say("nothing")));
  fill(
    main,
    hero(lead),
    full.map((row) => shelf(say, heading(say, row), row.entries, card)),
  );
}

async function detail(id: string): Promise<void> {
  fill(main, h("div", { class: "detail bones" }, h("div", { class: "cover poster" })), bones(8, "poster"));
  const found = await api.item(id, tracker.visitor());
  const came = seenById.get(id);
  const entry: api.Entry = { item: found.item, reasons: came?.reasons ?? [], seen: came?.seen ?? null };
  const { title, year } = api.spoken(entry.item);
  const art = artOf(entry.item, "poster");
  document.title = `${title} · Corner Cinema`;
  tracker.page("Title", { title, asset_id: id });
  tracker.track("Title Viewed", { asset_id: id, content_asset_id: id, title, ...tracker.seenAt(entry) });
  const reasons = entry.reasons.map((reason) => reasonLine(say, [reason]));
  fill(
    main,
    h(
      "section",
      { class: "detail", style: `--ground:${art.palette.ground};--ink:${art.palette.ink}` },
      poster(entry.item),
      h(
        "div",
        { class: "detail-words" },
        h("h1", {}, title),
        h("p", { class: "muted" }, year ? String(year) : ""),
        h("div", { class: "chips" }, tagsOf(entry.item).map((tag) => h("span", { class: "chip" }, tag.value))),
        h("div", { class: "hero-do" }, h("button", { class: "solid", onclick: () => start(entry) }, icon("play", 20, true), say("play"))),
        h("div", { class: "rate" }, h("span", { class: "muted" }, say("rate")), ratingStars(entry)),
        reasons.length ? h("div", { class: "reasons" }, h("h2", {}, say("why")), h("ul", {}, reasons.map((line) => h("li", {}, line)))) : null,
      ),
    ),
    shelf(say, say("more_like"), api.entriesOf(found.similar).map((near) => ({ ...near, reasons: [] })), card),
  );
}

async function results(query: string): Promise<void> {
  const items = await api.find(query);
  const entries = items.map((item) => ({ item, reasons: [], seen: null }));
  tracker.track("Products Searched", { query, results: entries.length });
  fill(
    main,
    h("section", { class: "results" }, h("h1", { class: "heading" }, entries.length ? say("results", { count: entries.length, query }) : say("no_results", { query }))),
    h("ul", { class: "grid" }, entries.map((entry) => h("li", {}, card(entry)))),
  );
}

let turn = 0;
async function show(): Promise<void> {
  turn += 1;
  const mine = turn;
  const place = new URLSearchParams(location.search);
  const [title, query] = [place.get("title"), place.get("q")];
  document.title = "Corner Cinema";
  if (!query) scrollTo(0, 0);
  try {
    await (title ? detail(title) : query ? results(query) : home());
  } catch (error) {
    if (mine === turn) fill(main, trouble(say, error, () => location.reload()));
  }
}

async function begin(): Promise<void> {
  const config = await api.config().catch(() => null);
  main = shell({ ...frame, config }).main;
  if (config) await tracker.start(config);
  addEventListener("popstate", () => void show());
  await show();
}

void begin();
