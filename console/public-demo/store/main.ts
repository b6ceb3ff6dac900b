/** Corner Store: a shop front with shelves, one thing's page, a basket and an order. Every state has an address. */

import "../shared/theme";
import "./store.css";
import { isObject } from "../../src/catalog/cover-art";
import * as api from "../shared/api";
import { artOf, drawing, square } from "../shared/cover";
import { fill, h, icon } from "../shared/dom";
import { bones, distinct, heading, reasonLine, shelf, whyLine } from "../shared/shelf";
import { shell, toast, trouble } from "../shared/shell";
import * as tracker from "../shared/tracker";
import { Basket, currencyOf, money, priceOf } from "./basket";
import { drawer } from "./drawer";
import { say } from "./words";

const basket = new Basket();
const seenById = new Map<string, api.Entry>();
let main: HTMLElement = document.body;

function go(query: Record<string, string>): void {
  const search = new URLSearchParams(query);
  history.pushState(null, "", search.size ? `?${search}` : location.pathname);
  void show();
}

function productFacts(entry: api.Entry): Record<string, unknown> {
  const { item } = entry;
  return {
    product_id: item.item_id,
    name: api.spoken(item).title,
    category: api.words(item, "category", "categories")[0],
    brand: api.words(item, "brand", "brands")[0],
    price: priceOf(item),
    currency: currencyOf(item),
    ...tracker.seenAt(entry),
  };
}

function open(entry: api.Entry): void {
  seenById.set(entry.item.item_id, entry);
  tracker.track("Product Clicked", productFacts(entry));
  go({ product: entry.item.item_id });
}

function card(entry: api.Entry): HTMLElement {
  const { item } = entry;
  const { title } = api.spoken(item);
  const why = whyLine(say, entry.reasons);
  const click = (event: Event) => {
    if ((event as MouseEvent).metaKey || (event as MouseEvent).ctrlKey) return;
    event.preventDefault();
    open(entry);
  };
  return h(
    "a",
    { class: "card", href: `?product=${encodeURIComponent(item.item_id)}`, onclick: click },
    square(item),
    h(
      "span",
      { class: "under" },
      h("span", { class: "name" }, title),
      h("span", { class: "price" }, item.available ? money(priceOf(item), currencyOf(item)) : say("gone")),
    ),
    why ? h("span", { class: "why" }, why) : null,
  );
}

function front(entries: readonly api.Entry[]): HTMLElement {
  const [first, second, third] = entries;
  const block = (entry: api.Entry | undefined, size: string) => {
    if (!entry) return null;
    const art = artOf(entry.item, "square");
    return h(
      "button",
      { class: `window ${size}`, style: `--ground:${art.palette.ground};--ink:${art.palette.ink}`, onclick: () => open(entry) },
      drawing(art, isObject(art.motif) ? "meet" : "slice"),
      h("span", { class: "window-words" }, h("strong", {}, api.spoken(entry.item).title), h("span", {}, money(priceOf(entry.item), currencyOf(entry.item)))),
    );
  };
  return h("section", { class: "front" }, h("h1", {}, say("lead")), h("div", { class: "windows" }, block(first, "big"), block(second, ""), block(third, "")));
}

function goods(entries: readonly api.Entry[]): HTMLElement {
  const unique = [...new Map(entries.map((entry) => [entry.item.item_id, { ...entry, reasons: [] }])).values()];
  const categories = [...new Set(unique.flatMap((entry) => api.words(entry.item, "category", "categories").slice(0, 1)))].slice(0, 9);
  let chosen: string | null = null;
  const grid = h("ul", { class: "grid" });
  const chips = h("div", { class: "chips" });
  const choose = (category: string | null) => {
    chosen = category;
    if (category) tracker.track("Product List Filtered", { list_id: "home", filters: [{ type: "category", value: category }] });
    draw();
  };
  const draw = () => {
    fill(
      chips,
      h("button", { class: "chip", "aria-pressed": String(chosen === null), onclick: () => choose(null) }, say("all")),
      categories.map((category) => h("button", { class: "chip", "aria-pressed": String(chosen === category), onclick: () => choose(category) }, category)),
    );
    const wanted = unique.filter((entry) => chosen === null || api.words(entry.item, "category", "categories").includes(chosen));
    fill(grid, wanted.slice(0, 40).map((entry) => h("li", {}, card(entry))));
  };
  draw();
  return h("section", { class: "goods" }, h("header", {}, h("h2", { class: "heading" }, say("goods")), chips), grid);
}

async function home(): Promise<void> {
  fill(main, h("div", { class: "front bones" }, h("div", { class: "cover" })), bones(6, "square"), bones(6, "square"));
  tracker.page("Home");
  const rows = distinct(await api.shelves("store", tracker.visitor()));
  const all = rows.flatMap((row) => row.entries);
  if (!all.length) return fill(main, h("div", { class: "note" }, say("nothing")));
  tracker.track("Product List Viewed", { list_id: "home", products: all.slice(0, 20).map((entry, at) => ({ product_id: entry.item.item_id, position: at + 1 })) });
  fill(main, front(all), rows.map((row) => shelf(say, heading(say, row), row.entries, card)), goods(all));
}

function buy(entry: api.Entry): HTMLElement {
  let quantity = 1;
  const shown = h("span", {}, "1");
  const change = (by: number) => () => {
    quantity = Math.min(20, Math.max(1, quantity + by));
    shown.textContent = String(quantity);
  };
  const wish = h("button", { class: "quiet", onclick: () => keep() }, icon("heart", 18), say("wish"));
  const keep = () => {
    tracker.track("Product Added to Wishlist", productFacts(entry));
    fill(wish, icon("heart", 18, true), say("wished"));
    (wish as HTMLButtonElement).disabled = true;
  };
  const add = () => {
    basket.add(entry, quantity);
    toast(say("added", { title: api.spoken(entry.item).title }));
  };
  return h(
    "div",
    { class: "buy" },
    h(
      "div",
      { class: "count", role: "group", "aria-label": say("quantity") },
      h("button", { class: "round", "aria-label": say("fewer"), onclick: change(-1) }, icon("minus", 16)),
      shown,
      h("button", { class: "round", "aria-label": say("greater"), onclick: change(1) }, icon("plus", 16)),
    ),
    h("button", { class: "solid", disabled: !entry.item.available, onclick: add }, icon("basket", 18), say(entry.item.available ? "add" : "gone")),
    wish,
  );
}

async function product(id: string): Promise<void> {
  fill(main, h("div", { class: "product bones" }, h("div", { class: "cover square" })), bones(6, "square"));
  const found = await api.item(id, tracker.visitor());
  const came = seenById.get(id);
  const entry: api.Entry = { item: found.item, reasons: came?.reasons ?? [], seen: came?.seen ?? null };
  const { title } = api.spoken(entry.item);
  const facts = [...api.words(entry.item, "brand", "brands"), ...api.words(entry.item, "category", "categories"), ...api.words(entry.item, "colour", "color"), ...api.words(entry.item, "material")];
  document.title = `${title} · Corner Store`;
  tracker.page("Product", { product_id: id, title });
  tracker.track("Product Viewed", productFacts(entry));
  const about = api.words(entry.item, "description", "summary")[0];
  fill(
    main,
    h(
      "section",
      { class: "product" },
      square(entry.item),
      h(
        "div",
        { class: "product-words" },
        h("p", { class: "muted" }, facts.join(" · ")),
        h("h1", {}, title),
        h("p", { class: "big-price" }, money(priceOf(entry.item), currencyOf(entry.item))),
        about ? h("p", {}, about) : null,
        h("div", { class: "chips" }, entry.item.tags.slice(0, 6).map((tag) => h("span", { class: "chip" }, tag))),
        buy(entry),
        entry.reasons[0] ? h("p", { class: "muted" }, reasonLine(say, entry.reasons)) : null,
      ),
    ),
    shelf(say, say("more"), api.entriesOf(found.similar).map((near) => ({ ...near, reasons: [] })), card),
  );
}

async function results(query: string): Promise<void> {
  const entries = (await api.find(query)).map((item) => ({ item, reasons: [], seen: null }));
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
  const [id, query] = [place.get("product"), place.get("q")];
  document.title = "Corner Store";
  if (!query) scrollTo(0, 0);
  try {
    await (id ? product(id) : query ? results(query) : home());
  } catch (error) {
    if (mine === turn) fill(main, trouble(say, error, () => location.reload()));
  }
}

function search(query: string): void {
  const place = new URLSearchParams(query ? { q: query } : {});
  history.replaceState(null, "", place.size ? `?${place}` : location.pathname);
  void show();
}

function basketButton(openBasket: () => void): HTMLElement {
  const button = h("button", { class: "round basket", onclick: openBasket });
  const draw = () => {
    const { count } = basket.sum();
    fill(button, icon("basket", 22), count ? h("span", { class: "badge" }, count) : null);
    button.setAttribute("aria-label", say("basket_n", { count }));
  };
  draw();
  basket.onChange(draw);
  return button;
}

async function begin(): Promise<void> {
  const config = await api.config().catch(() => null);
  const made = shell({ say, name: "Corner Store", mark: "▚", config, onSearch: search, onHome: () => go({}), onPerson: () => void show() });
  main = made.main;
  const side = drawer(basket, () => void show());
  made.tools.append(basketButton(() => side.open()));
  addEventListener("popstate", () => void show());
  if (config) await tracker.start(config);
  await show();
}

void begin();
