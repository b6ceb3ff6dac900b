/** What a page gets: calls become messages, messages arrive, and nothing is kept or sent that was not agreed to. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Regulars } from "./client";
import { install } from "./install";
import { campaignOf, type Json, type Message, uuid } from "./message";
import { mayTryAgain } from "./outbox";

interface Sent {
  url: string;
  body: { batch: Message[]; writeKey: string; sentAt: string };
}

let sent: Sent[] = [];
let answers: (() => Promise<Response>)[] = [];
const listeners: [string, () => void][] = [];
const listen = window.addEventListener.bind(window);
const yes = () => Promise.resolve(new Response('{"success":true}'));

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-11-22T10:00:00Z") });
  localStorage.clear();
  sessionStorage.clear();
  for (const name of ["ajs_anonymous_id", "ajs_user_id", "ajs_group_id"]) document.cookie = `${name}=; path=/; max-age=0`;
  sent = [];
  answers = [];
  vi.stubGlobal("addEventListener", (name: string, listener: () => void) => {
    listeners.push([name, listener]);
    listen(name, listener);
  });
  vi.stubGlobal("fetch", (url: string, options: { body: string }) => {
    sent.push({ url, body: JSON.parse(options.body) as Sent["body"] });
    return (answers.shift() ?? yes)();
  });
});

afterEach(() => {
  for (const [name, listener] of listeners.splice(0)) window.removeEventListener(name, listener); // its page is gone
  delete (navigator as Partial<Navigator>).sendBeacon;
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const loaded = (options = {}): Regulars => new Regulars("https://shop.example").load("wk_test", options);
const arrive = () => vi.advanceTimersByTimeAsync(1_000);
const messages = (): Message[] => sent.flatMap((one) => one.body.batch);

describe("a call", () => {
  it("arrives at the shop with key, ids, moment and what the page knows", async () => {
    loaded().track("Product Viewed", { product_id: "p1" });
    await arrive();
    expect(sent).toHaveLength(1);
    expect(sent[0]!.url).toBe("https://shop.example/v1/b");
    expect(sent[0]!.body.writeKey).toBe("wk_test");
    expect(Date.parse(sent[0]!.body.sentAt)).toBeGreaterThanOrEqual(Date.parse("2026-11-22T10:00:00Z"));
    const [message] = messages();
    expect(message).toMatchObject({
      type: "track",
      event: "Product Viewed",
      properties: { product_id: "p1" },
      userId: null,
      timestamp: "2026-11-22T10:00:00.000Z",
    });
    expect(message!.messageId).toMatch(/^regulars-\d+-[0-9a-f-]{36}$/);
    expect(message!.messageId.length).toBeLessThan(100);
    expect(message!["anonymousId"]).toMatch(/^[0-9a-f-]{36}$/);
    expect(message!.context).toMatchObject({ library: { name: "regulars.js" }, page: { path: "/", url: location.href } });
    expect(Object.keys(message!.context)).toEqual(expect.arrayContaining(["locale", "userAgent", "timezone", "screen"]));
  });

  it("travels with others that were made at the same time, in order", async () => {
    const regulars = loaded();
    for (let number = 0; number < 250; number++) regulars.track("Song Played", { number });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(sent.length).toBeLessThan(5);
    expect(Math.max(...sent.map((one) => one.body.batch.length))).toBeLessThanOrEqual(100);
    expect(messages().map((message) => (message["properties"] as Json)["number"])).toEqual([...Array(250).keys()]);
  });

  it("never makes a request too large for a page that is being left", async () => {
    const regulars = loaded();
    for (let number = 0; number < 10; number++) regulars.track("Big", { text: "歌".repeat(7_000) });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(messages()).toHaveLength(10);
    for (const one of sent) expect(new Blob([JSON.stringify(one.body)]).size).toBeLessThan(64_000);
  });
});

describe("page", () => {
  it.each([
    [[], {}],
    [["Home"], { name: "Home" }],
    [["Docs", "Home"], { name: "Home", category: "Docs" }],
    [[undefined, "Home", { a: 1 }], { name: "Home", a: 1 }],
    [["Home", { a: 1 }], { name: "Home", a: 1 }],
    [[{ a: 1 }], { a: 1 }],
  ])("takes %j", async (said, properties) => {
    loaded().page(...said);
    await arrive();
    expect(messages()[0]!["properties"]).toMatchObject({ path: "/", ...properties });
  });
});

describe("somebody", () => {
  it("is the same visitor on the next page, signed in or not", async () => {
    const first = loaded().identify("ann", { plan: "gold" });
    const second = loaded().track("Song Played");
    await arrive();
    expect(first.user().anonymousId()).toBe(second.user().anonymousId());
    expect(messages().map((message) => message["userId"])).toEqual(["ann", "ann"]);
    expect(second.user().traits()).toEqual({ plan: "gold" });
  });

  it("who came with Segment's SDK before is known by the same id", () => {
    document.cookie = "ajs_anonymous_id=from-segment; path=/";
    expect(loaded().user().anonymousId()).toBe("from-segment");
  });

  it("keeps the id in a cookie when localStorage is lost", () => {
    const id = loaded().user().anonymousId();
    localStorage.clear();
    expect(loaded().user().anonymousId()).toBe(id);
  });

  it("leaves when another sits down", () => {
    const regulars = loaded().identify("ann");
    const before = regulars.user().anonymousId();
    regulars.reset();
    expect(regulars.user().id()).toBeNull();
    expect(regulars.user().anonymousId()).not.toBe(before);
  });

  it("is joined and grouped by alias and group", async () => {
    const regulars = loaded();
    const anonymousId = regulars.user().anonymousId();
    regulars.alias("ann").group("family", { size: 4 }).track("Song Played");
    await arrive();
    expect(messages()[0]).toMatchObject({ type: "alias", userId: "ann", previousId: anonymousId });
    expect(messages()[1]).toMatchObject({ type: "group", groupId: "family", traits: { size: 4 } });
    expect(messages()[2]!.context).toMatchObject({ groupId: "family" });
  });

  it("may be told traits before signing in", async () => {
    loaded().identify({ language: "ja" });
    await arrive();
    expect(messages()[0]).toMatchObject({ type: "identify", userId: null, traits: { language: "ja" } });
  });
});

describe("a door that says no", () => {
  it.each([500, 503, 429, 408])("with %i is asked again, with the same message ids", async (status) => {
    answers = [() => Promise.resolve(new Response("", { status }))];
    loaded().track("Song Played");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sent).toHaveLength(2);
    expect(sent[1]!.body.batch[0]!.messageId).toBe(sent[0]!.body.batch[0]!.messageId);
  });

  it("and how long to wait is believed", async () => {
    answers = [() => Promise.resolve(new Response("", { status: 503, headers: { "Retry-After": "20" } }))];
    loaded().track("Song Played");
    await vi.advanceTimersByTimeAsync(19_000);
    expect(sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(sent).toHaveLength(2);
  });

  it("for good is not asked again, and the page's developer is told", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    answers = [() => Promise.resolve(new Response("No source has this write key.", { status: 401 }))];
    loaded().track("Song Played").track("Song Liked");
    await vi.advanceTimersByTimeAsync(100_000);
    expect(sent).toHaveLength(1);
    expect(warned).toHaveBeenCalledWith("regulars: refused.", "No source has this write key.");
  });

  it("or does not answer at all is tried ever more slowly, and loses nothing", async () => {
    answers = Array.from({ length: 5 }, () => () => Promise.reject(new TypeError("offline")));
    const regulars = loaded();
    for (let number = 0; number < 5; number++) regulars.track("Song Played", { number });
    await vi.advanceTimersByTimeAsync(120_000);
    expect(sent).toHaveLength(6);
    expect(sent[5]!.body.batch).toHaveLength(5);
    expect(Object.keys(localStorage).filter((name) => name.startsWith("regulars_outbox"))).toEqual([]);
  });

  it.each([
    [500, true], [501, false], [505, false], [599, true], [408, true], [410, true], [460, true], [400, false], [401, false],
    [403, false], [404, false], [413, false], [422, false], [200, false],
  ])("%i may help to ask again: %s", (status, again) => {
    expect(mayTryAgain(status)).toBe(again);
  });
});

describe("a page that is left", () => {
  it("hands over what waits by a beacon that needs no headers", () => {
    const beacons: [string, Blob][] = [];
    navigator.sendBeacon = (url, body) => beacons.push([String(url), body as Blob]) > 0;
    loaded().track("Song Played");
    dispatchEvent(new Event("pagehide"));
    expect(beacons).toHaveLength(1);
    expect(beacons[0]![0]).toBe("https://shop.example/v1/b");
    expect(beacons[0]![1].type).toBe("text/plain");
    expect(sent).toEqual([]);
  });

  it("while offline is continued by the next page, each event once", async () => {
    answers = [() => Promise.reject(new TypeError("offline"))];
    loaded().track("Song Played", { number: 1 });
    await vi.advanceTimersByTimeAsync(200);
    const left = { ...localStorage } as Record<string, string>;
    dispatchEvent(new Event("pagehide"));
    vi.clearAllTimers();
    sent = [];
    localStorage.clear();
    for (const [name, value] of Object.entries(left)) localStorage.setItem(name, value);
    vi.setSystemTime(new Date("2026-11-22T10:10:00Z"));
    loaded();
    await arrive();
    expect(messages().map((message) => message["properties"])).toEqual([{ number: 1 }]);
    expect(messages()[0]!.timestamp).toBe("2026-11-22T10:00:00.000Z");
  });
});

describe("a page that is left while the door cannot be reached", () => {
  const leaveAndReturn = async (later_ms: number): Promise<void> => {
    answers = [() => Promise.reject(new TypeError("offline"))];
    navigator.sendBeacon = () => true; // a browser takes a beacon that will come to nothing
    loaded().track("Song Played", { number: 1 });
    await vi.advanceTimersByTimeAsync(200);
    dispatchEvent(new Event("pagehide"));
    vi.clearAllTimers();
    sent = [];
    vi.setSystemTime(Date.now() + later_ms);
    loaded();
    await arrive();
  };

  it("is continued at once when it is loaded again", async () => {
    await leaveAndReturn(2_000);
    expect(messages().map((message) => message["properties"])).toEqual([{ number: 1 }]);
  });

  it("is continued by another tab too, a little later, also while that one stays open", async () => {
    const here = sessionStorage.getItem("regulars_tab");
    loaded();
    expect(sessionStorage.getItem("regulars_tab")).not.toBe(here);
    localStorage.setItem("regulars_outbox.elsewhere", JSON.stringify({ at: Date.now(), key: "wk_test", again: true, messages: [{ type: "track", event: "Elsewhere", messageId: "m" }] }));
    sent = [];
    await vi.advanceTimersByTimeAsync(100_000);
    expect(sent).toEqual([]);
    await vi.advanceTimersByTimeAsync(300_000);
    expect(messages().map((message) => message["event"])).toEqual(["Elsewhere"]);
  });
});

describe("consent", () => {
  it("that is required holds everything back, and leaves no id behind", async () => {
    const regulars = loaded({ consent: "required" });
    regulars.page().identify("ann").track("Song Played");
    await arrive();
    expect(sent).toEqual([]);
    expect(document.cookie).not.toContain("ajs_");
    expect(Object.keys(localStorage)).toEqual([]);
  });

  it("that is given lets out what was held, under the same visitor, and goes along from then on", async () => {
    const regulars = loaded({ consent: "required" });
    regulars.track("Song Played");
    regulars.consent({ analytics: true, email: false });
    await arrive();
    expect(messages().map((message) => message["event"])).toEqual(["Song Played", "Segment Consent Preference Updated"]);
    expect(new Set(messages().map((message) => message["anonymousId"])).size).toBe(1);
    expect(messages()[1]!.context["consent"]).toEqual({ categoryPreferences: { analytics: true, email: false } });
    expect(document.cookie).toContain("ajs_anonymous_id");
  });

  it("that is withdrawn stops at once, forgets the visitor, is remembered, and is the last thing the shop hears", async () => {
    const regulars = loaded();
    const anonymousId = regulars.user().anonymousId();
    regulars.track("Song Played");
    regulars.consent({ analytics: false, email: false });
    regulars.track("Song Liked");
    loaded().track("On the next page");
    await arrive();
    expect(messages().map((message) => message["event"])).toEqual(["Segment Consent Preference Updated"]);
    expect(messages()[0]).toMatchObject({ anonymousId, context: { consent: { categoryPreferences: { analytics: false, email: false } } } });
    expect(document.cookie).not.toContain("ajs_anonymous_id");
    expect(Object.keys(localStorage)).toEqual(["regulars_consent"]);
  });

  it("that was never given and is refused sends nothing at all", async () => {
    loaded({ consent: "required" }).track("Song Played").consent({ analytics: false }).track("Song Liked");
    await arrive();
    expect(sent).toEqual([]);
    expect(document.cookie).not.toContain("ajs_");
  });

  it("may be for a purpose of another name", async () => {
    const regulars = loaded({ consent: "required", consentCategory: "statistics" });
    regulars.track("Song Played").consent({ analytics: true });
    await arrive();
    expect(sent).toEqual([]);
    regulars.consent({ statistics: true });
    await arrive();
    expect(messages()[0]!["event"]).toBe("Song Played");
  });

  it("of a call's own is waited for, and a call whose purpose is refused is dropped", async () => {
    const regulars = loaded({ consent: "required" });
    regulars.track("Coupon Shown", {}, { consent: "marketing" }).track("Advert Seen", {}, { consent: "adverts" }).track("Song Played");
    regulars.consent({ analytics: true, adverts: false });
    await arrive();
    expect(messages().map((message) => message["event"])).toEqual(["Song Played", "Segment Consent Preference Updated"]);
    regulars.consent({ marketing: true });
    await arrive();
    expect(messages().map((message) => message["event"]).slice(2)).toEqual(["Coupon Shown", "Segment Consent Preference Updated"]);
  });

  it("can be asked for, so that a banner knows whether to show itself", () => {
    const regulars = loaded({ consent: "required" });
    expect(regulars.consent()).toBeNull();
    expect(regulars.consent({ analytics: true }).consent()).toEqual({ analytics: true });
  });
});

describe("Global Privacy Control", () => {
  const signal = (value: boolean) => Object.defineProperty(navigator, "globalPrivacyControl", { value, configurable: true });
  afterEach(() => delete (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl);

  it("is taken for a no when told to, and a yes to this shop comes before it", async () => {
    signal(true);
    const regulars = loaded({ gpc: true });
    regulars.track("Song Played");
    await arrive();
    expect(sent).toEqual([]);
    expect(document.cookie).not.toContain("ajs_");
    regulars.consent({ analytics: true });
    await arrive();
    expect(messages()[0]!["event"]).toBe("Song Played");
  });

  it.each([[true, {}], [false, { gpc: true }]])("changes nothing when it is %s and the options are %o", async (value, options) => {
    signal(value);
    loaded(options).track("Song Played");
    await arrive();
    expect(sent).toHaveLength(1);
  });
});

describe("the cookie of the server", () => {
  const asked: { writeKey: string; anonymousId?: string; replace?: boolean; forget?: boolean }[] = [];
  let reply: () => Promise<Response>;
  const known = (id: string | null) => () => Promise.resolve(new Response(JSON.stringify({ anonymousId: id })));

  beforeEach(() => {
    asked.length = 0;
    reply = known("from-the-server");
    vi.stubGlobal("fetch", (url: string, options: { body: string; credentials: string }) => {
      if (url.endsWith("/v1/cookie")) {
        expect(options.credentials).toBe("include");
        asked.push(JSON.parse(options.body) as (typeof asked)[number]);
        return reply();
      }
      sent.push({ url, body: JSON.parse(options.body) as Sent["body"] });
      return yes();
    });
  });

  it("gives a visitor whom the browser forgot their id back, before the first event leaves", async () => {
    const regulars = loaded({ cookie: true });
    regulars.page().alias("ann");
    await arrive();
    expect(messages().map((message) => message["anonymousId"])).toEqual(["from-the-server", "from-the-server"]);
    expect(messages()[1]!["previousId"]).toBe("from-the-server");
    expect(document.cookie).toContain("ajs_anonymous_id=from-the-server");
  });

  it("is renewed once a day, and keeps nobody waiting who is known here", async () => {
    document.cookie = "ajs_anonymous_id=known-here; path=/";
    reply = () => new Promise(() => undefined);
    loaded({ cookie: true }).page();
    await arrive();
    expect(messages()[0]!["anonymousId"]).toBe("known-here");
    reply = known("known-here");
    loaded({ cookie: true });
    await arrive();
    loaded({ cookie: true });
    await arrive();
    expect(asked.map((one) => one.anonymousId)).toEqual(["known-here", "known-here"]);
    vi.setSystemTime(new Date("2026-11-23T10:01:00Z"));
    loaded({ cookie: true });
    await arrive();
    expect(asked).toHaveLength(3);
  });

  it("is not waited for longer than two seconds", async () => {
    reply = () => new Promise(() => undefined);
    const regulars = loaded({ cookie: true });
    regulars.track("Song Played");
    await arrive();
    expect(sent).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_500);
    expect(messages()[0]!["anonymousId"]).toBe(regulars.user().anonymousId());
  });

  it("that the shop does not want to keep changes nothing", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    reply = () => Promise.resolve(new Response("This source keeps no cookie.", { status: 403 }));
    const regulars = loaded({ cookie: true }).track("Song Played");
    await arrive();
    expect(messages()[0]!["anonymousId"]).toBe(regulars.user().anonymousId());
  });

  it("is not asked for before the visitor agrees, follows who sits down, and goes with the consent", async () => {
    reply = known(null);
    const regulars = loaded({ cookie: true, consent: "required" });
    regulars.page();
    await arrive();
    expect(asked).toEqual([]);
    regulars.consent({ analytics: true });
    await arrive();
    regulars.reset();
    const next = regulars.user().anonymousId();
    regulars.consent({ analytics: false });
    await arrive();
    expect(asked.slice(1)).toEqual([
      { writeKey: "wk_test", anonymousId: next, replace: true },
      { writeKey: "wk_test", forget: true },
    ]);
  });

  it("leaves no event behind when the page is left while it is asked", () => {
    const beacons: Blob[] = [];
    navigator.sendBeacon = (_url, body) => beacons.push(body as Blob) > 0;
    reply = () => new Promise(() => undefined);
    loaded({ cookie: true }).track("Song Played");
    dispatchEvent(new Event("pagehide"));
    expect(beacons).toHaveLength(1);
  });
});

describe("web vitals", () => {
  let see: Record<string, (entries: object[]) => void>;
  beforeEach(() => {
    see = {};
    class Observer {
      static readonly supportedEntryTypes = ["largest-contentful-paint", "layout-shift", "event"];
      constructor(private readonly told: (list: { getEntries: () => object[] }) => void) {}
      observe({ type }: { type: string }) {
        see[type] = (entries) => this.told({ getEntries: () => entries });
      }
      takeRecords = () => [];
      disconnect = () => undefined;
    }
    vi.stubGlobal("PerformanceObserver", Observer);
    vi.spyOn(performance, "getEntriesByType").mockReturnValue([{ responseStart: 83.4 } as never]);
  });

  it("are not measured unless wanted", () => {
    loaded();
    expect(see).toEqual({});
  });

  it("are told once, when the page is left, as one event", () => {
    const beacons: Blob[] = [];
    navigator.sendBeacon = (_url, body) => beacons.push(body as Blob) > 0;
    const track = vi.spyOn(Regulars.prototype, "track");
    loaded({ webVitals: true });
    see["largest-contentful-paint"]!([{ startTime: 900 }, { startTime: 1_234.6 }]);
    see["layout-shift"]!([
      { startTime: 1_000, value: 0.02, hadRecentInput: false },
      { startTime: 1_500, value: 0.03, hadRecentInput: false },
      { startTime: 1_600, value: 0.5, hadRecentInput: true },
      { startTime: 4_000, value: 0.04, hadRecentInput: false },
    ]);
    see["event"]!([{ duration: 56, interactionId: 7 }, { duration: 120, interactionId: 7 }, { duration: 400, interactionId: 0 }, { duration: 64, interactionId: 8 }]);
    dispatchEvent(new Event("pagehide"));
    dispatchEvent(new Event("pagehide"));
    expect(track.mock.calls).toEqual([["Web Vitals Measured", { lcp_ms: 1235, cls: 0.05, inp_ms: 120, ttfb_ms: 83 }]]);
    expect(beacons).toHaveLength(1);
  });
});

describe("the snippet on a page", () => {
  it("makes the calls that waited for it, and takes lists as before", async () => {
    const page: Record<string, unknown> = { regulars: [["load", "wk_test", { host: "https://shop.example" }], ["page"]] };
    const regulars = install(page, null);
    (page["regulars"] as Regulars).push(["track", "Song Played", { number: 1 }]);
    await arrive();
    expect(page["regulars"]).toBe(regulars);
    expect(messages().map((message) => message.type)).toEqual(["page", "track"]);
  });

  it("answers to Segment's name too, unless Segment is there", () => {
    const empty: Record<string, unknown> = {};
    expect(install(empty, null)).toBe(empty["analytics"]);
    const segment = { track: () => undefined };
    const taken: Record<string, unknown> = { analytics: segment };
    install(taken, null);
    expect(taken["analytics"]).toBe(segment);
  });

  it("begins by itself with a key on its tag, and sends to where it came from", async () => {
    const script = document.createElement("script");
    script.src = "https://elsewhere.example/regulars.js";
    script.dataset["writeKey"] = "wk_tag";
    install({}, script).track("Song Played");
    await arrive();
    expect(sent[0]!.url).toBe("https://elsewhere.example/v1/b");
    expect(sent[0]!.body.writeKey).toBe("wk_tag");
  });

  it("takes its options from the tag, for pages that may have no script in them", async () => {
    const script = document.createElement("script");
    script.src = "https://elsewhere.example/regulars.js";
    Object.assign(script.dataset, { writeKey: "wk_tag", consent: "required", consentCategory: "statistics", host: "https://shop.example/" });
    const regulars = install({}, script).track("Song Played");
    await arrive();
    expect(sent).toEqual([]);
    regulars.consent({ statistics: true });
    await arrive();
    expect(sent[0]!.url).toBe("https://shop.example/v1/b");
  });

  it("calls back when it is ready, also late", () => {
    const regulars = new Regulars("https://shop.example");
    const order: string[] = [];
    regulars.ready(() => order.push("early"));
    regulars.load("wk_test");
    regulars.ready(() => order.push("late"));
    expect(order).toEqual(["early", "late"]);
  });

  it("says which call it does not know", () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    loaded().push(["sing", "a song"]);
    expect(warned).toHaveBeenCalledWith("regulars: there is no call named 'sing'.");
  });
});

describe("small things", () => {
  it("reads a campaign from the address", () => {
    expect(campaignOf("?utm_campaign=spring&utm_source=mail&x=1")).toEqual({ name: "spring", source: "mail" });
    expect(campaignOf("?x=1")).toBeNull();
  });

  it("makes a UUID where the browser cannot", () => {
    const own = crypto.randomUUID;
    Object.defineProperty(crypto, "randomUUID", { value: undefined, configurable: true });
    expect(uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    Object.defineProperty(crypto, "randomUUID", { value: own, configurable: true });
  });
});
