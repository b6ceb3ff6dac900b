/** A small invented shop, the same on every run, in the exact shapes of the API: to look at pages with. Nobody in it is real. */

export function dice(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
export const roll = dice(20261122);
export const pick = (list, chance = roll) => list[Math.floor(chance() * list.length)];

const FILMS = `Toy Story|1995|Animation,Children's,Comedy
Heat|1995|Action,Crime,Thriller
Twelve Monkeys|1995|Drama,Sci-Fi
Fargo|1996|Crime,Drama,Thriller
Star Wars|1977|Action,Adventure,Romance,Sci-Fi,War
The Godfather|1972|Action,Crime,Drama
Contact|1997|Drama,Sci-Fi
Scream|1996|Horror,Thriller
The English Patient|1996|Drama,Romance,War
Liar Liar|1997|Comedy
Chasing Amy|1997|Drama,Romance
Return of the Jedi|1983|Action,Adventure,Romance,Sci-Fi,War
Raiders of the Lost Ark|1981|Action,Adventure
Pulp Fiction|1994|Crime,Drama
The Silence of the Lambs|1991|Drama,Thriller
Jerry Maguire|1996|Drama,Romance
The Rock|1996|Action,Adventure,Thriller
The Empire Strikes Back|1980|Action,Adventure,Drama,Romance,Sci-Fi,War
Back to the Future|1985|Comedy,Sci-Fi
Titanic|1997|Action,Drama,Romance
The Fugitive|1993|Action,Thriller
Indiana Jones and the Last Crusade|1989|Action,Adventure
The Princess Bride|1987|Action,Adventure,Comedy,Romance
L.A. Confidential|1997|Crime,Film-Noir,Mystery,Thriller
Monty Python and the Holy Grail|1974|Comedy
Forrest Gump|1994|Comedy,Romance,War
Braveheart|1995|Action,Drama,War
The Terminator|1984|Action,Sci-Fi,Thriller
Good Will Hunting|1997|Drama
Dead Poets Society|1989|Drama
When Harry Met Sally...|1989|Comedy,Romance
The Full Monty|1997|Comedy
Alien|1979|Action,Horror,Sci-Fi,Thriller
Blade Runner|1982|Film-Noir,Sci-Fi
One Flew Over the Cuckoo's Nest|1975|Drama
Casablanca|1942|Drama,Romance,War
The Wizard of Oz|1939|Adventure,Children's,Drama,Musical
The Usual Suspects|1995|Crime,Thriller
Groundhog Day|1993|Comedy,Romance
Chinatown|1974|Film-Noir,Mystery,Thriller
Vertigo|1958|Mystery,Thriller
Psycho|1960|Horror,Romance,Thriller
Fantasia|1940|Animation,Children's,Musical
Unforgiven|1992|Western
The Good, the Bad and the Ugly|1966|Action,Western
Hoop Dreams|1994|Documentary
Koyaanisqatsi|1983|Documentary,War
Dragonheart|1996|Action,Adventure,Fantasy
Mary Poppins|1964|Children's,Comedy,Musical
Sling Blade|1996|Drama,Thriller`;

const films = FILMS.split("\n").map((line, at) => {
  const [title, year, genres] = line.split("|");
  return item(String(at + 1), "video", title, { year: Number(year), genres: genres.split(",") }, []);
});

const ARTISTS = [["雨宿", "ambient", "Mandarin"], ["Slow Harbor", "folk", "English"], ["ナギサ", "pop", "Japanese"], ["Kino Lane", "electronic", "English"], ["夜行列車", "rock", "Mandarin"], ["Marlow & Finch", "jazz", "English"], ["カモメ座", "classical", "Japanese"], ["北門少年", "hip-hop", "Mandarin"]];
const SONGS = ["Low tide", "巷口的燈", "夏の終わり", "Paper boats", "Second platform", "半熟", "ひこうき雲", "Copper wire", "Window seat", "慢一點", "みずたまり", "North gate", "Salt", "回家的路上", "ガラスの坂", "Half a moon"];
const songs = SONGS.flatMap((title, at) => [0, 1].map((take) => {
  const [artist, genre, language] = ARTISTS[(at + take * 3) % ARTISTS.length];
  return item(`s-${at * 2 + take + 1}`, "song", take ? `${title} II` : title, { artist, genre: [genre], language, duration_s: 160 + ((at * 37) % 90) }, take ? ["live"] : []);
}));

const GOODS = [["Morning cup", "Kitchen", "Tanpopo", 480], ["竹編提袋", "Bags", "山行", 1280], ["リネンのシャツ", "Apparel", "Nagi", 2680], ["Desk lamp No. 3", "Lighting", "Halden", 3200], ["Field notebook", "Stationery", "Halden", 180], ["Rice bowl, ash glaze", "Tableware", "Tanpopo", 620], ["陶瓷花器", "Plants", "山行", 980], ["Travel pouch", "Bags", "Nagi", 760], ["Hand soap, cedar", "Skin care", "Mori", 320], ["Table speaker", "Audio", "Halden", 4600], ["Tea tin", "Tea", "Tanpopo", 420], ["Work jacket", "Apparel", "Nagi", 3980], ["Reading light", "Lighting", "Halden", 1450], ["醬油碟", "Tableware", "Tanpopo", 260], ["Fern, small", "Plants", "Mori", 390], ["Canvas tote", "Bags", "Nagi", 690]];
const goods = GOODS.map(([title, category, brand, price], at) => item(`p-${at + 1}`, "product", title, { category, brand, price, currency: "TWD" }, at % 5 === 0 ? ["bestseller"] : []));

function item(item_id, kind, title, attributes, tags) {
  return { item_id, kind, title, attributes, tags, available: roll() > 0.05, available_from: null, available_until: null, image: null, updated_at: "2026-11-20T08:00:00Z" };
}

export const SHOPS = { video: films, music: songs, store: goods };
export const items = [...films, ...songs, ...goods];
export const byId = new Map(items.map((each) => [each.item_id, each]));
export const tagsOf = (of) => ["genre", "genres", "artist", "brand", "category"].flatMap((name) => {
  const value = of.attributes[name];
  return (Array.isArray(value) ? value : value ? [value] : []).map((each) => ({ kind: name.replace("genres", "genre"), value: each }));
}).concat(of.tags.map((value) => ({ kind: "tag", value })));

const NAMES = ["林怡君", "陳柏翰", "Ann Chen", "佐藤 美咲", "Quiet heron", "Blue lantern", "Tom Okafor", "王淑芬", "Amber river", "高橋 蓮"];
export const customers = NAMES.map((name, at) => {
  const user = at + 7;
  return {
    customer_id: `0193c7a2-4b5e-7${at}00-8f21-5c0e9d1a${1000 + at * 37}`,
    name,
    first_seen: `2026-0${(at % 7) + 3}-1${at % 9}T09:12:00Z`,
    last_seen: new Date(Date.now() - at * 41_000 - 3_000).toISOString(),
    events_total: Math.round(12 + roll() * 700),
    identifiers: [{ kind: "user_id", value: `u-${user}` }, { kind: "anonymous_id", value: `a-${9000 + user}` }, ...(at % 2 ? [] : [{ kind: "email", value: `guest${user}@example.org` }])],
    top_affinity: { kind: "genre", value: pick(["Drama", "Sci-Fi", "Comedy", "Film-Noir", "Romance"]) }, is_named: !/heron|lantern|river/.test(name), country: "TW", device_kind: "phone",
  };
});

const oldKeys = { keys: [{ write_key: "wk_old_5be2a90", replaced_at: "2026-11-20T09:00:00Z", until: new Date(Date.now() + 5 * 86_400_000).toISOString() }], events_24h: 1_204, last_event_at: new Date(Date.now() - 40_000).toISOString() };

export const sources = [
  { source_id: "src_web", name: "Web shop", kind: "web", write_key: "wk_web_7f3a", enabled: true },
  { source_id: "src_app", name: "iOS app", kind: "ios", write_key: "wk_ios_22c1", enabled: true },
  { source_id: "src_server", name: "Order server", kind: "server", write_key: "wk_srv_91d0", enabled: true },
].map((source) => ({ ...source, created_at: "2026-10-01T00:00:00Z", last_event_at: new Date().toISOString(), events_24h: Math.round(roll() * 40_000), cookie: source.kind === "web", old_keys: source.kind === "server" ? oldKeys : null }));

const EVENTS = ["Title Rated", "Video Playback Started", "Video Content Completed", "Title Viewed", "Item Clicked", "Page", "Identify", "Song Played", "Song Skipped", "Product Viewed", "Order Completed"];
let counter = 0;
export function liveEvent(ago_s = 0) {
  counter += 1;
  const who = pick(customers);
  const source = pick(sources);
  const what = pick(items);
  const chance = roll();
  const outcome = chance < 0.86 ? "accepted" : chance < 0.93 ? "corrected" : chance < 0.97 ? "duplicate" : "rejected";
  const reasons = { accepted: null, corrected: "The device's clock was 4 min slow; moved to 10:05:01.", duplicate: "message m-120 of this source was taken in before.", rejected: "Neither userId nor anonymousId: nobody to remember it for." };
  const name = pick(EVENTS);
  const at = Date.now() - ago_s * 1000;
  return {
    event_id: `0193c7b0-${String(counter).padStart(4, "0")}-7abc-9def-${String(at).slice(-12)}`,
    name, call: name === "Page" ? "page" : name === "Identify" ? "identify" : "track",
    source_id: source.source_id, source_name: source.name, outcome, reason: reasons[outcome],
    user_id: outcome === "rejected" ? null : who.identifiers[0].value, anonymous_id: who.identifiers[1].value,
    customer_id: outcome === "rejected" ? null : who.customer_id,
    occurred_at: new Date(at - 800).toISOString(), received_at: new Date(at).toISOString(),
    summary: name === "Page" ? "/demo/video" : name === "Title Rated" ? `${what.title} · ${1 + Math.floor(roll() * 5)} of 5` : what.title,
  };
}

export function slate(policy, { count = 20, from = items, customer_id = null, slot = null } = {}) {
  const chance = dice([...policy].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7) + (customer_id ? customer_id.length + customer_id.charCodeAt(14) * 91 : 0));
  const order = [...from].map((each) => [chance(), each]).sort((a, b) => a[0] - b[0]).map(([, each]) => each).slice(0, count);
  const reason = (at) => {
    const other = from[(at * 7 + 3) % from.length];
    const tag = tagsOf(order[at])[0];
    if (policy === "popular") return { kind: "popular", text: "Popular this week", item_id: null, title: null, tag: null, share: 1 };
    if (policy === "trending") return { kind: "trending", text: "Rising in the last hour", item_id: null, title: null, tag: null, share: 1 };
    if (policy === "rules" || at % 3 === 2) return { kind: "favourite", text: `Because you like ${tag?.value}`, item_id: null, title: null, tag: tag?.value ?? null, share: 0.71 };
    return { kind: "because_you", text: `Because you watched ${other.title}`, item_id: other.item_id, title: other.title, tag: null, share: 0.62 };
  };
  return {
    slate_id: `sl_${policy}_${Math.floor(roll() * 1e9)}`, slot, customer_id, policy, model_version: "2026-11-22T20:00:03Z", stale: false,
    items: order.map((each, at) => ({ item_id: each.item_id, title: each.title, score: Number((0.94 - at * 0.031).toFixed(3)), position: at + 1, sources: [policy === "blend" ? pick(["taste", "sessions", "transitions"], chance) : policy], reasons: [reason(at)], item: { title: each.title, kind: each.kind, tags: each.tags, attributes: each.attributes, image: null } })),
    experiment: null,
  };
}

/* Destinations: one that arrives, one that fails, one paused. */
const agoOf = (seconds) => new Date(Date.now() - seconds * 1_000).toISOString();
const health = (more) => ({ state: "good", delivered_1h: 412, retried_1h: 0, dead_1h: 0, waiting: 0, retrying: 0, oldest_waiting_s: 0, dead_letters: 0, skipped: 0, last_error: "", last_error_at: null, last_delivered_at: agoOf(4), next_try_at: null, members: null, removals_waiting: null, hours_due: null, hours_done: null, ...more });
const destination = (id, name, kind, feed, more) => ({
  destination_id: id, name, kind, feed, status: "active", reason: "", settings: { url: "https://hooks.example/in", headers: { Authorization: "(set)" } }, events: { names: ["Order Completed"], sources: [], condition: "", imported: false },
  pace: { batch_max: 1, batch_wait_s: 0, requests_max: 4, keep_order: false }, audience: null, schedule: { every_h: 24 }, signed: kind === "webhook", old_secret_until: null, created_at: agoOf(864_000), changed_at: agoOf(864_000), health: health({}), ...more,
});
export const destinations = [
  destination("d1", "Order desk", "webhook", "events", { health: health({ dead_letters: 3 }) }),
  destination("d2", "Courier", "webhook", "events", { health: health({ state: "failing", delivered_1h: 0, waiting: 366, retrying: 94, oldest_waiting_s: 7_900, last_error: "It answered 503: something is wrong over there.", last_error_said: { code: "answered_wrong", params: { status: 503 } }, last_error_at: agoOf(40), last_delivered_at: agoOf(8_000), next_try_at: agoOf(-300) }) }),
  destination("d3", "Warehouse", "parquet", "hours", { settings: { url: "s3://corner/lake" }, health: health({ hours_done: 312, hours_due: 1 }) }),
  destination("d4", "Mail house", "csv_drop", "audience", { status: "paused", reason: "Paused by hand.", settings: { url: "sftp://corner@files.example/drop", password: "(set)" }, audience: { consent: "email", countries: [], did: [], likes: [], likes_share_min: 0.1, seen_within_days: 90, traits: [], unseen_for_days: null }, health: health({ state: "paused", members: 412, removals_waiting: 0, delivered_1h: 0 }) }),
];
const text = (more) => ({ type: "string", ...more });
export const destinationKinds = [["webhook", "events"], ["parquet", "hours"], ["csv_drop", "audience"], ["http_audience", "audience"]].map(([name, feed]) => ({
  name, feed, signed: name === "webhook",
  settings_schema: { type: "object", required: ["url"], properties: { url: text({ format: "uri", maxLength: 2_000 }), headers: { type: "object", additionalProperties: text({ writeOnly: true }) }, template: text({ format: "jmespath", default: "" }), timeout_s: { type: "number", minimum: 1, maximum: 30, default: 15 } } },
}));
export function destinationFigures(hours) {
  const step = Math.max(1, hours);
  const now = Math.floor(Date.now() / 60_000 / step) * step;
  return {
    span_minutes: step, from_at: new Date((now - 60 * step) * 60_000).toISOString(), to_at: new Date().toISOString(),
    spans: Array.from({ length: 60 }, (_, at) => ({ at: new Date((now - (59 - at) * step) * 60_000).toISOString(), delivered: at > 38 && at < 42 ? 0 : Math.round(20 + dice(at)() * 14), retried: at > 37 && at < 43 ? 9 : dice(at + 99)() < 0.2 ? 1 : 0, dead: at === 43 ? 3 : 0, skipped: 0, requests: 24, mean_ms: 40 + dice(at + 7)() * 30, slowest_ms: 210 })),
  };
}
export const deliveries = Array.from({ length: 40 }, (_, at) => ({ delivery_id: 400 - at, at: agoOf(at * 31), outcome: at % 9 === 4 ? "retried" : at % 17 === 8 ? "dead" : "delivered", items: 1, status: at % 9 === 4 ? 503 : at % 17 === 8 ? 422 : 200, duration_ms: 38 + (at * 7) % 60, sentence: at % 9 === 4 ? "It answered 503: something is wrong over there." : at % 17 === 8 ? "It answered 422: it cannot use what we send; look at the template." : "", about: `web-0.${812 - at}.0` }));
export const undelivered = Array.from({ length: 3 }, (_, at) => ({ letter_id: 9 - at, event_id: `web-0.${700 - at}.0`, name: "Order Completed", occurred_at: agoOf(9_000 + at * 400), queued_at: agoOf(8_999 + at * 400), dead_at: agoOf(8_700 + at * 400), tries: 5, status: 422, sentence: "It answered 422: it cannot use what we send; look at the template.", answer: '{"error":"total must be a number"}', event: { name: "Order Completed", user_id: "ann", properties: { total: "twelve" } } }));
