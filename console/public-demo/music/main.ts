/** Night Radio: shelves of songs, a player with a queue and radio, and three taps that say what you like. */

import "../shared/theme";
import "./music.css";
import * as api from "../shared/api";
import { square } from "../shared/cover";
import { fill, h, icon } from "../shared/dom";
import { bones, distinct, heading, shelf, whyLine } from "../shared/shelf";
import { shell, toast, trouble } from "../shared/shell";
import * as tracker from "../shared/tracker";
import { dock, isLiked, setLiked } from "./dock";
import { Player, type Source } from "./player";
import { say } from "./words";

const PICKS = 3;
const CHOICE = 12;
const player = new Player();
let main: HTMLElement = document.body;

player.more = async (after) => api.entriesOf((await api.item(after.item.item_id, tracker.visitor())).similar);

function click(entry: api.Entry, source: Source): void {
  if (entry.seen) tracker.track("Item Clicked", { item_id: entry.item.item_id, title: api.spoken(entry.item).title, ...tracker.seenAt(entry) });
  player.radio = null;
  player.start(entry, source);
}

const card = (source: Source) => (entry: api.Entry): HTMLElement => {
  const { title } = api.spoken(entry.item);
  const artist = api.words(entry.item, "artist", "artists").join(", ");
  const why = whyLine(say, entry.reasons);
  return h(
    "div",
    { class: "song" },
    h(
      "button",
      { class: "card", title: say("play", { title }), onclick: () => click(entry, source) },
      h("div", { class: "pressing" }, square(entry.item), h("span", { class: "press" }, icon("play", 22, true))),
      h("span", { class: "under" }, h("span", { class: "name" }, title), h("span", { class: "muted artist" }, artist)),
      why ? h("span", { class: "why" }, why) : null,
    ),
    h(
      "button",
      { class: "add round", "aria-label": `${say("add")}: ${title}`, title: say("add"), onclick: () => (player.add(entry), toast(say("added", { title }))) },
      icon("plus", 18),
    ),
  );
};

/** One song from each artist in turn, so that a choice of twelve shows the breadth of the shop. */
function broadChoice(entries: readonly api.Entry[], count: number): api.Entry[] {
  const seen = new Set<string>();
  const artists = new Set<string>();
  const fresh = entries.filter((entry) => {
    const artist = api.words(entry.item, "artist", "artists")[0] ?? entry.item.item_id;
    if (seen.has(entry.item.item_id) || artists.has(artist)) return false;
    seen.add(entry.item.item_id);
    artists.add(artist);
    return true;
  });
  return fresh.slice(0, count);
}

function tellUs(entries: readonly api.Entry[], onDone: () => void): HTMLElement {
  let page = 0;
  const picked = new Set<string>();
  const box = h("section", { class: "tell" });
  const pick = (entry: api.Entry) => {
    const id = entry.item.item_id;
    if (picked.has(id)) return;
    picked.add(id);
    setLiked(id);
    player.like({ entry, source: "discover" });
    draw();
    if (picked.size < PICKS) return;
    localStorage.setItem("demo_told", "yes");
    toast(say("tell_done"));
    setTimeout(onDone, 900);
  };
  const draw = () => {
    const all = broadChoice(entries, 60);
    const from = all.length > CHOICE ? (page * CHOICE) % all.length : 0;
    fill(
      box,
      h(
        "header",
        {},
        h("div", {}, h("h1", {}, say("tell")), h("p", { class: "muted" }, say("tell_lead"))),
        h("div", { class: "dots", "aria-label": `${picked.size} / ${PICKS}` }, Array.from({ length: PICKS }, (_, at) => h("span", { class: at < picked.size ? "on" : "" }))),
      ),
      h(
        "ul",
        { class: "choice" },
        all.slice(from, from + CHOICE).map((entry) => {
          const mine = picked.has(entry.item.item_id);
          return h(
            "li",
            {},
            h(
              "button",
              { class: `card ${mine ? "mine" : ""}`, "aria-pressed": String(mine), onclick: () => pick(entry) },
              h("div", { class: "pressing" }, square(entry.item), h("span", { class: "press" }, icon("heart", 22, mine))),
              h("span", { class: "under" }, h("span", { class: "name" }, api.spoken(entry.item).title), h("span", { class: "muted artist" }, api.words(entry.item, "artist", "artists").join(", "))),
            ),
          );
        }),
      ),
      h(
        "div",
        { class: "tell-do" },
        all.length > CHOICE ? h("button", { class: "quiet", onclick: () => ((page += 1), draw()) }, say("tell_more")) : null,
        h("button", { class: "quiet", onclick: () => (localStorage.setItem("demo_told", "yes"), onDone()) }, say("tell_skip")),
      ),
    );
  };
  draw();
  return box;
}

async function home(): Promise<void> {
  fill(main, bones(8, "square"), bones(8, "square"), bones(8, "square"));
  tracker.page("Home");
  const rows = distinct(await api.shelves("music", tracker.visitor()));
  if (!rows.length) return fill(main, h("div", { class: "note" }, say("nothing")));
  const all = rows.flatMap((row) => row.entries);
  const told = localStorage.getItem("demo_told") || all.some((entry) => isLiked(entry.item.item_id));
  fill(
    main,
    told ? null : tellUs(all, () => void show()),
    rows.map((row) => shelf(say, heading(say, row), row.entries, card("discover"))),
  );
}

async function results(query: string): Promise<void> {
  const entries = (await api.find(query)).map((item) => ({ item, reasons: [], seen: null }));
  tracker.track("Products Searched", { query, results: entries.length });
  fill(
    main,
    h("section", { class: "results" }, h("h1", { class: "heading" }, entries.length ? say("results", { count: entries.length, query }) : say("no_results", { query }))),
    h("ul", { class: "grid" }, entries.map((entry) => h("li", {}, card("search")(entry)))),
  );
}

let turn = 0;
async function show(): Promise<void> {
  turn += 1;
  const mine = turn;
  const query = new URLSearchParams(location.search).get("q");
  try {
    await (query ? results(query) : home());
  } catch (error) {
    if (mine === turn) fill(main, trouble(say, error, () => location.reload()));
  }
}

function search(query: string): void {
  history.replaceState(null, "", query ? `?${new URLSearchParams({ q: query })}` : location.pathname);
  void show();
}

async function begin(): Promise<void> {
  const config = await api.config().catch(() => null);
  const onHome = () => {
    history.pushState(null, "", location.pathname);
    void show();
  };
  main = shell({ say, name: "Night Radio", mark: "≋", config, onSearch: search, onHome, onPerson: () => void show() }).main;
  document.body.append(dock(player, () => player.current && void player.startRadio(player.current.entry)));
  addEventListener("popstate", () => void show());
  addEventListener("keydown", (event) => {
    const target = event.target as HTMLElement;
    if (event.key !== " " || target.closest("input, button, select, a, dialog")) return;
    event.preventDefault();
    player.toggle();
  });
  if (config) await tracker.start(config);
  await show();
}

void begin();
