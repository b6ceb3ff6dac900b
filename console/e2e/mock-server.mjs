/**
 * The API with an invented shop behind it, to look at pages without a running Regulars: `node e2e/mock-server.mjs 8790`.
 * Serves the built console at `/` and the built demo pages at `/demo/…`. State is forgotten when it stops.
 */

import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { byId, customers, deliveries, destinationFigures, destinationKinds, destinations, dice, items, liveEvent, pick, roll, SHOPS, slate, sources, tagsOf, undelivered } from "./mock-data.mjs";
import * as letters from "./mock-letters.mjs";

const STATIC = fileURLToPath(new URL("../../src/regulars/web/static/", import.meta.url));
const CONSOLE = process.env.CONSOLE_DIR ?? join(STATIC, "console");
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2", ".json": "application/json" };
const options = new Set(process.argv.slice(3));
const empty = options.has("--empty");
const slow_ms = options.has("--slow") ? 4_000 : 0;
const broken = options.has("--broken");

const recent = Array.from({ length: 400 }, (_, at) => liveEvent(400 - at)).reverse();
const person = { person_id: "p1", name: "Mei", email: "mei@example.org", role: "admin", language: null, created_at: "2026-10-01T00:00:00Z", last_seen_at: null };
let slots = [
  { name: "home", title: "Home, first row", policy: "blend", count: 12, filters: { kinds: [], tags: [], exclude_tags: [], available_only: true, exclude_seen: "bought", max_per_tag: null }, diversity: 0.2, novelty: 0.1, experiment_key: "home-row", updated_at: "2026-11-20T08:00:00Z" },
  { name: "because", title: "Because you watched", policy: "transitions", count: 10, filters: { kinds: ["video"], tags: [], exclude_tags: ["Horror"], available_only: true, exclude_seen: "any", max_per_tag: 4 }, diversity: 0.4, novelty: 0, experiment_key: null, updated_at: "2026-11-20T08:00:00Z" },
];

function today() {
  const now = Date.now();
  const minute = Math.floor(now / 60_000) * 60_000;
  const series = Array.from({ length: 60 }, (_, at) => sources.map((source, which) => ({
    minute: new Date(minute - (59 - at) * 60_000).toISOString(), source_id: source.source_id,
    count: Math.round((240 - which * 75) * (0.75 + 0.25 * Math.sin(at / 9 + which)) + dice(at * 3 + which)() * 40),
  }))).flat();
  const spark = (seed, rise) => Array.from({ length: 24 }, (_, at) => Math.round(2 + dice(seed * 100 + at)() * 6 + Math.max(0, at - 14) * rise));
  return {
    at: new Date(now).toISOString(), rate_per_s: 9 + roll() * 3, series,
    outcomes: { accepted: 48_211 + Math.floor((now / 100) % 10_000), corrected: 1_204, duplicate: 356, rejected: 41 },
    by_event: [["Title Rated", 21_040], ["Video Playback Started", 11_890], ["Page", 8_200], ["Title Viewed", 5_310], ["Order Completed", 412]].map(([name, count]) => ({ name, count })),
    by_source: sources.map((source) => ({ source_id: source.source_id, name: source.name, count: source.events_24h })),
    customers: { total: 943, active_5m: 38 + Math.floor(roll() * 6), active_24h: 412, new_24h: 27, tiles: [["Drama", 214], ["Comedy", 168], ["Action", 151], ["Sci-Fi", 97], ["Romance", 82], ["Thriller", 74], ["Film-Noir", 21], ["Documentary", 12], ["New here", 27]].map(([label, count]) => ({ label, count })) },
    top_items: items.slice(0, 6).map((each, at) => ({ item_id: each.item_id, title: each.title, count: 320 - at * 37 })),
    rising: [3, 23, 33, 38, 12].map((which, at) => ({ item_id: items[which].item_id, title: items[which].title, count: 61 - at * 9, growth: 3.4 - at * 0.5, spark: spark(which, 5 - at * 0.7) })),
    loop: [["door", 4, "live", "312 requests in the last minute, all durable"], ["log", 1, "live", "2 partitions, 1.2 GB"], ["worker", 38 + roll() * 20, "live", "0 events waiting"], ["profile", 61 + roll() * 20, "live", "last profile moved 0.1 s ago"], ["slate", 93 + roll() * 30, "live", "model of 20:00, tail of 1,204 interactions"]].map(([station, lag_ms, state, detail]) => ({ station, lag_ms: Math.round(lag_ms), state, detail })),
    troubles: [],
  };
}

function emptyToday() {
  return { ...today(), rate_per_s: 0, series: [], outcomes: { accepted: 0, corrected: 0, duplicate: 0, rejected: 0 }, by_event: [], by_source: [], customers: { total: 0, active_5m: 0, active_24h: 0, new_24h: 0, tiles: [] }, top_items: [], rising: [] };
}

function profile(of) {
  const chance = dice(of.events_total);
  const ago = (days) => new Date(Date.now() - days * 86_400_000).toISOString();
  const affinity = (kind, value, strength, days) => ({ kind, value, strength, share: Math.abs(strength) / 55, last_at: ago(days) });
  return {
    customer_id: of.customer_id, name: of.name, first_seen: of.first_seen, last_seen: of.last_seen, events_total: of.events_total,
    traits: { name: { value: of.name, updated_at: ago(3), history: [{ value: "guest", at: ago(40) }] }, age: { value: 31, updated_at: ago(40), history: [] }, occupation: { value: "engineer", updated_at: ago(40), history: [] }, city: { value: "Taipei", updated_at: ago(12), history: [{ value: "Tainan", at: ago(90) }] } },
    counters: { "Title Rated": { count: 212, first: of.first_seen, last: of.last_seen }, "Video Playback Started": { count: 164, first: of.first_seen, last: of.last_seen }, Page: { count: 88, first: of.first_seen, last: of.last_seen } },
    devices: [["d1", "phone", "iPhone 15", "iOS 26", 0.01], ["d2", "desktop", "Chrome", "macOS", 2], ["d3", "tv", "Bravia", "", 15]].map(([device_id, kind, model, system, days]) => ({ device_id, kind, model, system, first_seen: ago(90), last_seen: ago(days) })),
    affinities: [["genre", "Drama", 9.2, 0.2], ["genre", "Sci-Fi", 7.4, 1], ["genre", "Film-Noir", 5.1, 3], ["genre", "Thriller", 4.4, 0.5], ["genre", "Romance", 3.2, 22], ["genre", "War", 2.1, 40], ["genre", "Mystery", 3.9, 6], ["genre", "Comedy", 2.7, 11], ["director", "Ridley Scott", 2.5, 2], ["director", "Joel Coen", 1.9, 9], ["decade", "1970s", 2.2, 4], ["language", "English", 4.8, 0.2], ["tag", "cult", 1.4, 30], ["genre", "Horror", -1.8, 5]].map(([kind, value, strength, days]) => affinity(kind, value, Number((strength * (0.9 + chance() * 0.2)).toFixed(2)), days)),
    consent: { email: { granted: true, at: ago(60) }, sms: { granted: false, at: ago(20) }, line: { granted: true, at: ago(10) } },
    merged_from: [{ customer_id: "0193c7a2-0000-7000-8000-000000000001", at: ago(30) }], is_named: of.is_named, country: "TW", device_kind: "phone",
  };
}

function timeline(of, from) {
  return Array.from({ length: 30 }, (_, index) => {
    const at = from + index;
    const what = items[(at * 13) % 50];
    const chance = dice(at + 5)();
    const name = at % 11 === 0 ? "Slate Shown" : at % 17 === 5 ? "Identify" : chance < 0.4 ? "Title Rated" : chance < 0.7 ? "Video Playback Started" : chance < 0.85 ? "Title Viewed" : "Page";
    const when = Date.now() - (at * 240_000 + Math.floor(at / 7) * 14_400_000);
    return { event_id: `0193c7b0-${at}`, name, occurred_at: new Date(when).toISOString(), source_id: pick(sources).source_id, summary: name === "Page" ? "/demo/video" : name === "Title Rated" ? `${what.title} · ${1 + (at % 5)} of 5` : name === "Slate Shown" ? "home · 12 titles" : name === "Identify" ? "name, city" : what.title, properties: { asset_id: what.item_id, title: what.title, ...(name === "Title Rated" ? { rating: 1 + (at % 5) } : {}) }, session: `ses-${Math.floor(at / 7)}` };
  });
}

function identity(of) {
  const names = {};
  let number = 0;
  const node = (id, kind, value, blocked = false) => ((names[id] = `${kind}:${value}`), { identifier_id: (number += 1), kind, value, first_seen: of.first_seen, last_seen: of.last_seen, blocked });
  const edge = (from, to, kind, refused_reason = null) => ({ from_id: names[from], to_id: names[to], kind, event_id: "0193c7b0-3", at: of.last_seen, refused_reason });
  const identifiers = [node("i1", "user_id", of.identifiers[0].value), node("i2", "anonymous_id", "a-9f21-4c7e-88aa"), node("i3", "anonymous_id", "a-1177-0b3d-41f0"), node("i4", "email", "guest7@example.org"), node("i5", "device_id", "d-iphone-15"), node("i6", "line_user_id", "U4af4980629"), node("i7", "email", "test@test.com", true)];
  return {
    identifiers,
    evidence: [edge("i2", "i1", "identify"), edge("i3", "i1", "identify"), edge("i1", "i4", "trait"), edge("i2", "i5", "same device"), edge("i1", "i6", "alias"), edge("i3", "i7", "trait", "Many customers share this value, so it is no evidence.")],
    merged_from: [{ customer_id: "0193c7a2-0000-7000-8000-000000000001", at: of.first_seen }],
  };
}

const page = (list, query, limit = 50) => {
  const from = Number(query.get("cursor") ?? 0);
  const size = Math.min(200, Number(query.get("limit") ?? limit));
  return { items: list.slice(from, from + size), next_cursor: from + size < list.length ? String(from + size) : null };
};

function filteredEvents(query) {
  return recent.filter((event) => ["name", "source_id", "outcome"].every((key) => !query.get(key) || event[key] === query.get(key)) && (!query.get("customer") || [event.customer_id, event.user_id, event.anonymous_id].includes(query.get("customer"))));
}

function catalogSummary() {
  const count = (list) => [...list.reduce((sum, each) => sum.set(each, (sum.get(each) ?? 0) + 1), new Map())].sort((a, b) => b[1] - a[1]);
  return {
    items: items.length, available: items.filter((each) => each.available).length,
    kinds: count(items.map((each) => each.kind)).map(([kind, n]) => ({ kind, count: n })),
    tags: count(items.flatMap((each) => tagsOf(each).map((tag) => `${tag.kind}\t${tag.value}`))).map(([tag, n]) => ({ kind: tag.split("\t")[0], value: tag.split("\t")[1], count: n })),
    attributes: [{ name: "year", type: "number", filled_share: 0.51 }, { name: "genres", type: "list", filled_share: 0.51 }, { name: "artist", type: "text", filled_share: 0.33 }, { name: "price", type: "number", filled_share: 0.16 }, { name: "brand", type: "text", filled_share: 0.16 }],
  };
}

const POLICIES = [["blend", "Blend"], ["rules", "Rules"], ["popular", "Popular"], ["taste", "Long-term taste"]];
const problem = (status, detail) => ({ status, body: { type: "about:blank", title: "Refused", status, detail } });

/** One line a route: method, pattern, answer. */
const ROUTES = [
  ["GET", /^\/v1\/setup$/, () => ({ needed: false, version: "0.1.0", shop_name: "Matinée", demo: "video", simulated: options.has("--simulated") })],
  ["GET", /^\/v1\/session$/, () => person],
  ["POST", /^\/v1\/session$/, () => person],
  ["GET", /^\/v1\/people$/, () => [person]],
  ["GET", /^\/v1\/keys$/, () => []],
  ["GET", /^\/v1\/audit$/, () => ({ items: [], next_cursor: null })],
  ["GET", /^\/v1\/jobs$/, () => []],
  ["GET", /^\/v1\/sources$/, () => (empty ? [] : sources)],
  ["GET", /^\/v1\/today$/, () => (empty ? emptyToday() : today())],
  ["GET", /^\/v1\/events\/recent$/, ({ query }) => (empty ? { items: [], next_cursor: null } : page(filteredEvents(query), query))],
  ["GET", /^\/v1\/events\/reasons$/, ({ query }) => letters.reasons(query)],
  ["GET", /^\/v1\/letters$/, ({ query }) => page(empty ? [] : letters.lettersFor(query), query)],
  ["GET", /^\/v1\/letters\/groups$/, () => (empty ? [] : letters.groups())],
  ["POST", /^\/v1\/letters\/preview$/, () => letters.becomeMany()],
  ["GET", /^\/v1\/letters\/([^/]+)\/first$/, () => ({ first: eventDetail(recent[0].event_id) })],
  ["POST", /^\/v1\/letters\/([^/]+)\/preview$/, ({ found }) => letters.becomes(found[1])],
  ["GET", /^\/v1\/letters\/([^/]+)$/, ({ found }) => letters.letter(found[1])],
  ["GET", /^\/v1\/alerts$/, ({ query }) => page(empty ? [] : letters.alerts(query), query)],
  ["GET", /^\/v1\/alerts\/rules$/, () => (empty ? [] : letters.rules())],
  ["GET", /^\/v1\/events\/([^/]+)$/, ({ found }) => eventDetail(found[1])],
  ["GET", /^\/v1\/profiles$/, ({ query }) => page(empty ? [] : customers.filter((each) => JSON.stringify(each).toLowerCase().includes((query.get("query") ?? "").toLowerCase())), query)],
  ["GET", /^\/v1\/profiles\/([^/]+)\/timeline$/, ({ found, query }) => ({ items: timeline(known(found[1]), Number(query.get("cursor") ?? 0)), next_cursor: Number(query.get("cursor") ?? 0) < 90 ? String(Number(query.get("cursor") ?? 0) + 30) : null })],
  ["GET", /^\/v1\/profiles\/([^/]+)\/identity$/, ({ found }) => identity(known(found[1]))],
  ["GET", /^\/v1\/profiles\/([^/]+)$/, ({ found }) => (customers.some((each) => each.customer_id === found[1]) ? profile(known(found[1])) : problem(404, "No customer has this id."))],
  ["DELETE", /^\/v1\/profiles\/([^/]+)$/, () => ({ job_run_id: "j1", job: "erase", state: "queued", progress: null, started_at: null, finished_at: null, error: null })],
  ["GET", /^\/v1\/catalog\/summary$/, () => (empty ? { items: 0, available: 0, kinds: [], tags: [], attributes: [] } : catalogSummary())],
  ["GET", /^\/v1\/catalog\/items$/, ({ query }) => page(empty ? [] : items.filter((each) => (!query.get("query") || each.title.toLowerCase().includes(query.get("query").toLowerCase())) && (!query.get("kind") || each.kind === query.get("kind")) && (!query.get("tag") || tagsOf(each).some((tag) => tag.value === query.get("tag"))) && (!query.get("available") || String(each.available) === query.get("available"))), query)],
  ["GET", /^\/v1\/catalog\/items\/([^/]+)$/, ({ found }) => byId.get(found[1]) ?? problem(404, "No item has this id.")],
  ["PUT", /^\/v1\/catalog\/items\/([^/]+)$/, ({ found, body }) => Object.assign(byId.get(found[1]) ?? {}, body)],
  ["DELETE", /^\/v1\/catalog\/items\/([^/]+)$/, () => null],
  ["POST", /^\/v1\/catalog\/imports$/, ({ query }) => ({ import_id: "imp_1", rows: 1_240, imported: query.get("dry_run") === "true" ? 0 : 1_212, rejected: 28, problems: Array.from({ length: 28 }, (_, at) => ({ row: at * 41 + 3, column: ["price", "title", "available_from"][at % 3], reason: ["“twelve” is not a number.", "A title is needed.", "“31/02/2026” is not a date; write 2026-02-28."][at % 3] })), problems_total: 28, dry_run: query.get("dry_run") === "true", rejected_file: "imports/imp_1.csv" })],
  ["GET", /^\/v1\/recommend\/slots$/, () => (empty ? [] : slots)],
  ["PUT", /^\/v1\/recommend\/slots\/([^/]+)$/, ({ found, body }) => saveSlot(found[1], body)],
  ["DELETE", /^\/v1\/recommend\/slots\/([^/]+)$/, ({ found }) => ((slots = slots.filter((slot) => slot.name !== found[1])), null)],
  ["POST", /^\/v1\/recommend\/slates$/, ({ body }) => slate("blend", { count: body.count ?? 12, from: SHOPS.video, customer_id: body.customer_id, slot: body.slot })],
  ["POST", /^\/v1\/recommend\/compare$/, ({ body }) => ({ strategies: POLICIES.map(([policy, title]) => ({ policy, title, slate: slate(policy, { count: body.count ?? 12, from: chosen(body), customer_id: body.customer_id }) })) })],
  ["GET", /^\/v1\/recommend\/similar\/([^/]+)$/, ({ found }) => slate("similar", { count: 10, from: items.filter((each) => each.kind === byId.get(found[1])?.kind && each.item_id !== found[1]) })],
  ["GET", /^\/v1\/recommend\/models$/, () => [{ version: "2026-11-22T20:00:03Z", kind: "ease", trained_at: "2026-11-22T20:00:03Z", interactions: 99_287, items: 1_682, seconds: 2.4, metrics: null }]],
  ["GET", /^\/v1\/recommend\/performance$/, () => [["blend", 5210, 402], ["rules", 5102, 301], ["popular", 2410, 118]].map(([policy, shown, clicked]) => ({ policy, shown, clicked, ctr: clicked / shown, low: clicked / shown - 0.0072, high: clicked / shown + 0.0074 }))],
  ["GET", /^\/v1\/destinations$/, () => (empty ? [] : destinations)],
  ["GET", /^\/v1\/destinations\/kinds$/, () => destinationKinds],
  ["POST", /^\/v1\/destinations\/audience-preview$/, () => ({ customers: 943, looked_at: 943, members: 412 })],
  ["GET", /^\/v1\/destinations\/([^/]+)\/figures$/, ({ query }) => destinationFigures(Number(query.get("hours") ?? 24))],
  ["GET", /^\/v1\/destinations\/([^/]+)\/deliveries$/, ({ query }) => page(deliveries.filter((each) => !query.get("outcome") || each.outcome === query.get("outcome")), query)],
  ["GET", /^\/v1\/destinations\/([^/]+)\/dead-letters$/, ({ query }) => page(undelivered, query)],
  ["GET", /^\/v1\/destinations\/([^/]+)\/(?:hours|syncs)$/, ({ query }) => page([], query)],
  ["GET", /^\/v1\/destinations\/([^/]+)$/, ({ found }) => destinations.find((each) => each.destination_id === found[1]) ?? problem(404, "There is no such destination.")],
  ["GET", /^\/v1\/imports$/, ({ query }) => page([], query)],
  ["GET", /^\/v1\/imports\/(?:presets|mappings)$/, () => []],
  ["GET", /^\/v1\/hooks$/, () => (empty ? [] : [hook()])],
  ["GET", /^\/v1\/hooks\/presets$/, () => []],
  ["GET", /^\/v1\/hooks\/([^/]+)\/deliveries$/, () => [hookDelivery()]],
  ["POST", /^\/v1\/hooks\/preview$/, () => ({ events: [{ message_id: "order:6112045006123", call: "track", name: "Order Completed", occurred_at: hookDelivery().received_at, user_id: null, anonymous_id: null, identifiers: ["email: mei@example.org"], properties: { order_id: "#1042", total: 1290 } }], failures: [], problems: [] })],
  ["GET", /^\/v1\/plans$/, () => (empty ? [] : [planLine()])],
  ["GET", /^\/v1\/plans\/ready$/, () => [["segment-ecommerce", 28], ["segment-video", 17], ["music", 23]].map(([key, events]) => ({ key, name: key, description: "", events }))],
  ["GET", /^\/v1\/plans\/([^/]+)$/, () => plan()],
  ["GET", /^\/v1\/plans\/([^/]+)\/violations$/, () => planViolations()],
  ["GET", /^\/v1\/plans\/([^/]+)\/problems$/, () => ({ items: planProblems(), next_cursor: null })],
  ["GET", /^\/v1\/plans\/([^/]+)\/problems\/([^/]+)\/samples$/, () => [{ event_id: recent[0].event_id, source_id: sources[0].source_id, source_name: sources[0].name, version: 2, received_at: recent[0].received_at, values: ['"4"'], is_covered: false, is_gone: false }]],
  ["GET", /^\/v1\/plans\/([^/]+)\/changes$/, () => []],
  ["POST", /^\/v1\/plans\/([^/]+)\/try$/, () => ({ since: new Date(Date.now() - 86_400_000).toISOString(), until: new Date().toISOString(), events: 42_310, is_whole: true, wrong: 118, blocked: 0, by_event: [], problems: [] })],
  ["GET", /^\/v1\/log$/, () => ({ partitions: empty ? [] : [{ partition: "web-0", records: 99_120, trimmed: 0, last_offset: 99_120, size_bytes: 48_300_000, first_at: new Date(Date.now() - 7 * 86_400_000).toISOString(), last_at: new Date().toISOString() }, { partition: "worker", records: 310, trimmed: 0, last_offset: 310, size_bytes: 180_000, first_at: new Date(Date.now() - 7 * 86_400_000).toISOString(), last_at: new Date().toISOString() }], consumers: [{ consumer: "street", reached: { "web-0": 99_120, worker: 310 }, waiting: 0, is_street: true }], records: empty ? 0 : 99_430, size_bytes: 48_480_000, first_at: empty ? null : new Date(Date.now() - 7 * 86_400_000).toISOString(), last_at: empty ? null : new Date().toISOString(), kept_days: 0 })],
  ["GET", /^\/v1\/rebuilds$/, ({ query }) => page(empty ? [] : [{ rebuild_id: "r1", parts: ["profiles"], whole: false, state: "done", started_at: new Date(Date.now() - 86_400_000).toISOString(), changed_at: new Date(Date.now() - 86_300_000).toISOString(), finished_at: new Date(Date.now() - 86_300_000).toISOString(), done: 99_430, total: 99_430, events: 99_287, events_per_s: 8_900, seconds_left: null, step: "taking the place of the old", error: null, report: null }], query)],
  ["GET", /^\/v1\/rebuilds\/parts$/, () => ({ parts: ["worker", "events", "plans", "identity", "profiles", "recommend"] })],
  ["GET", /^\/v1\/backups$/, ({ query }) => page(empty ? [] : [{ backup_id: "b1", at: new Date(Date.now() - 5 * 3_600_000).toISOString(), place: "/mnt/backups", size_bytes: 41_200_000, new_bytes: 1_900_000, records: 99_430, seconds: 6.4, verified_at: new Date(Date.now() - 5 * 3_600_000).toISOString(), problem: null }], query)],
  ["GET", /^\/v1\/backups\/overview$/, () => ({ is_set: !empty, every_hours: 24, keep: 14, last: empty ? null : { backup_id: "b1", at: new Date(Date.now() - 5 * 3_600_000).toISOString(), place: "/mnt/backups", size_bytes: 41_200_000, new_bytes: 1_900_000, records: 99_430, seconds: 6.4, verified_at: new Date(Date.now() - 5 * 3_600_000).toISOString(), problem: null }, age_s: empty ? null : 18_000, next_at: empty ? null : new Date(Date.now() + 19 * 3_600_000).toISOString(), is_late: empty, advice: null })],
  ["GET", /^\/v1\/search$/, () => ({ customers: customers.slice(0, 3), items: items.slice(0, 5), pages: [] })],
  ["GET", /^\/demo\/api\/config$/, () => ({ write_key: "wk_web_7f3a", demo: "video", simulated: options.has("--simulated") })],
  ["GET", /^\/demo\/api\/shelves$/, ({ query }) => shelves(query.get("page") ?? "video")],
  ["GET", /^\/demo\/api\/items\/([^/]+)$/, ({ found }) => ({ item: byId.get(found[1]), similar: slate("similar", { count: 14, from: items.filter((each) => each.kind === byId.get(found[1])?.kind) }) })],
  ["GET", /^\/demo\/api\/search$/, ({ query }) => ({ items: items.filter((each) => each.title.toLowerCase().includes(query.get("query").toLowerCase())).slice(0, 40) })],
];

const known = (id) => customers.find((each) => each.customer_id === id) ?? customers[0];
const chosen = (body) => SHOPS.video.filter((each) => !(body.filters?.exclude_tags ?? []).some((tag) => each.attributes.genres?.includes(tag)));
function saveSlot(name, body) {
  const saved = { ...body, name, updated_at: new Date().toISOString() };
  slots = [...slots.filter((slot) => slot.name !== name), saved];
  return saved;
}
function shelves(which) {
  const from = SHOPS[which];
  const titles = { video: ["Tonight, for you", "Because you watched Heat", "Rising this hour", "Popular with everyone"], music: ["For you", "More like 雨宿", "Rising", "Everyone's"], store: ["Chosen for you", "Rising this week", "Everyone's favourites"] };
  const policies = ["blend", "transitions", "trending", "popular"];
  return { shelves: titles[which].map((title, at) => ({ title, slot: `home-${at}`, slate: slate(policies[at], { count: 14, from, slot: `home-${at}` }) })) };
}
function eventDetail(id) {
  const of = recent.find((event) => event.event_id === id) ?? recent[0];
  const raw = { type: of.call, event: of.name, messageId: "m-120", userId: of.user_id, anonymousId: of.anonymous_id, timestamp: "2026-11-22T10:00:00.000Z", sentAt: "2026-11-22T10:00:20.000Z", properties: { asset_id: "34", title: of.summary, rating: 4 }, context: { library: { name: "analytics-python", version: "2.4.0" }, locale: "zh-TW" } };
  return { live: of, event: of.outcome === "rejected" ? null : { event_id: of.event_id, name: of.name, call: of.call, user_id: of.user_id, anonymous_id: of.anonymous_id, occurred_at: of.occurred_at, original_at: raw.timestamp, received_at: of.received_at, properties: raw.properties, context: raw.context, corrections: of.reason ? [of.reason] : [] }, raw: JSON.stringify(raw), request: { path: "/v1/batch", ip: "203.0.113.7", user_agent: "analytics-python/2.4.0", received_at: of.received_at }, verdict: null, personal: [] };
}

const hookRule = { call: "track", each: "", only: "", event: "'Order Completed'", user_id: "", anonymous_id: "", email: "email", phone: "", external_ids: {}, group_id: "", time: "created_at", message_id: "join(':', ['order', to_string(id)])", spread: "", properties: { order_id: "name", total: "to_number(total_price)" }, traits: {} };
const hook = () => ({ hook_id: "hk_6112045006123abc", name: "Shopify orders", preset: "shopify_orders", path: "/v1/hooks/hk_6112045006123abc", source_id: sources[0].source_id, enabled: true, scheme: { kind: "shopify", header: "", algorithm: "sha256", encoding: "hex", prefix: "", tolerance_s: 300, delivery_header: "" }, secrets: [{ ending: "shop", until: null, is_readable: true }], mapping: { rules: [hookRule] }, version: 1, created_at: "2026-11-20T03:00:00Z", changed_at: "2026-11-20T03:00:00Z" });
const hookDelivery = () => ({ delivery: "d1", delivery_id: "b54557e4", received_at: new Date(Date.now() - 240_000).toISOString(), status: 200, reason: "", version: 1, body: '{"id":6112045006123,"name":"#1042","email":"mei@example.org","total_price":"1290.00","created_at":"2026-09-30T18:05:12+08:00"}', headers: { "x-shopify-topic": "orders/create" }, events: 1, failures: [] });
const planBody = () => ({ sources: null, mode: "warn", unknown: "warn", personal: [{ pointer: "/traits/email", action: "hash", kind: "email" }], events: [{ call: "track", name: "Title Rated", description: "Somebody gave stars.", mode: null, context: null, schema: { type: "object", properties: { asset_id: { type: "string" }, rating: { type: "integer", minimum: 1, maximum: 5 }, title: { type: "string" } }, required: ["asset_id", "rating"] } }, { call: "identify", name: "Identify", description: "", mode: "observe", context: null, schema: { type: "object", properties: { email: { type: "string", format: "email" } } } }] });
const planVersions = () => [{ number: 2, name: "Cinema", note: "Ratings are whole stars", published_by: "Mei Lin", from_at: new Date(Date.now() - 5 * 86_400_000).toISOString(), until_at: null }, { number: 1, name: "Cinema", note: "Inferred", published_by: "Mei Lin", from_at: new Date(Date.now() - 9 * 86_400_000).toISOString(), until_at: new Date(Date.now() - 5 * 86_400_000).toISOString() }];
const planLine = () => ({ plan_id: "p1", name: "Cinema", description: "", mode: "warn", sources: null, events: 2, personal: 1, in_force: 2, in_force_since: planVersions()[0].from_at, draft_differs: false, judged: 42_310, wrong: 118, blocked: 0, updated_at: planVersions()[0].from_at });
const plan = () => ({ plan_id: "p1", name: "Cinema", description: "", draft: planBody(), draft_number: 3, in_force: 2, in_force_body: planBody(), versions: planVersions(), changes: [], faults: [], created_at: planVersions()[1].from_at, updated_at: planVersions()[0].from_at });
function planViolations() {
  const until = Math.ceil(Date.now() / 1_200_000) * 1_200_000;
  const since = until - 86_400_000;
  const series = Array.from({ length: 40 }, (_, at) => ({ at: new Date(since + at * 1_200_000 * 1.8 - ((at * 1_200_000 * 1.8) % 1_200_000)).toISOString(), call: "track", name: at % 4 ? "Title Rated" : "Titel Rated", events: 1 + ((at * 7) % 5), blocked: 0 }));
  return { since: new Date(since).toISOString(), until: new Date(until).toISOString(), step_s: 1_200, judged: 42_310, wrong: 118, blocked: 0, series, events: [{ call: "track", name: "Title Rated", judged: 39_000, wrong: 88, blocked: 0 }, { call: "track", name: "Titel Rated", judged: 30, wrong: 30, blocked: 0 }] };
}
const planProblems = () => [["a", "/properties/rating", "wrong_type", "a whole number", "a text", 61, "Title Rated"], ["b", "", "unknown_event", "", "", 30, "Titel Rated"], ["c", "/properties/asset_id", "missing", "", "", 27, "Title Rated"]].map(([problem_id, pointer, kind, expected, got, count, name]) => ({ problem_id, call: "track", name, pointer, kind, expected, got, sentence: "", count, series: Array.from({ length: 72 }, (_, at) => (at * count) % 7), first_at: planVersions()[0].from_at, last_at: new Date(Date.now() - 90_000).toISOString() }));

function stream(response, event, every_ms, next) {
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
  const timer = setInterval(() => response.write(`event: ${event}\ndata: ${JSON.stringify(next())}\n\n`), every_ms);
  response.on("close", () => clearInterval(timer));
}

function sendFile(response, folder, path) {
  const inside = normalize(path).replace(/^(\.\.[/\\])+/, "");
  const wanted = ["", "/index.html"].map((end) => join(folder, inside + end)).find((each) => existsSync(each) && statSync(each).isFile());
  const file = wanted ?? (extname(path) ? null : join(folder, "index.html"));
  if (!file || !existsSync(file)) return response.writeHead(404).end();
  response.writeHead(200, { "Content-Type": TYPES[extname(file)] ?? "application/octet-stream" });
  createReadStream(file).pipe(response);
}

async function bodyOf(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  try {
    return JSON.parse(Buffer.concat(parts).toString() || "{}");
  } catch {
    return {};
  }
}

const server = createServer(async (request, response) => {
  const { pathname, searchParams: query } = new URL(request.url, "http://localhost");
  if (pathname === "/v1/today/live") return stream(response, "today", 1_000, empty ? emptyToday : today);
  if (pathname === "/v1/events/live") return stream(response, "event", 420, () => (recent.unshift(liveEvent()), recent[0]));
  const api = pathname.startsWith("/v1/") || pathname.startsWith("/demo/api/");
  const isPublic = pathname.startsWith("/demo/") || pathname === "/regulars.js";
  if (!api) return sendFile(response, isPublic ? STATIC : CONSOLE, pathname);
  const body = await bodyOf(request);
  const route = ROUTES.find(([method, pattern]) => method === request.method && pattern.test(pathname));
  if (!route) return answer(response, 404, { title: "Not found", status: 404, detail: `Nothing answers ${request.method} ${pathname}.` });
  const early = /setup|session/.test(pathname);
  if (broken && !early) return answer(response, 503, { title: "Away", status: 503, detail: "The state database does not answer." });
  const found = route[1].exec(pathname).map((part) => part && decodeURIComponent(part));
  const result = route[2]({ found, query, body });
  setTimeout(() => (result?.status && result.body ? answer(response, result.status, result.body) : answer(response, result === null ? 204 : 200, result)), early ? 0 : slow_ms);
});

function answer(response, status, body) {
  response.writeHead(status, { "Content-Type": status < 400 ? "application/json" : "application/problem+json" });
  response.end(body === null ? undefined : JSON.stringify(body));
}

const port = Number(process.argv[2] ?? 8790);
server.listen(port, "127.0.0.1", () => console.log(`http://127.0.0.1:${port}`));
