import { describe, expect, test } from "vitest";
import type { Affinity, IdentityGraph, TimelineEntry } from "../shared/api";
import { initials } from "./Avatar";
import { brightnessOf, roomOf, skyOf } from "./constellation";
import { devicesOf } from "./devices";
import { CARD_HEIGHT, CARD_WIDTH, hubOf, placeIdentifiers, stepsFrom } from "./identity-layout";
import { customerSearch, customersSearch } from "./search";
import { chapterOf, storyOf } from "./story-of";

const NOW = Date.parse("2026-01-15T00:00:00Z");
const liking = (value: string, strength: number, days = 0, kind = "genre"): Affinity => ({ kind, value, strength, share: 0.1, last_at: new Date(NOW - days * 86_400_000).toISOString() });

describe("the constellation", () => {
  const many = Array.from({ length: 22 }, (_, at) => liking(`Taste number ${at}`, 10 - at * 0.4, at, at % 3 ? "genre" : "artist"));

  test("puts the strongest largest and in the middle", () => {
    const sky = skyOf([liking("Weak", 1), liking("Strong", 9)], NOW, 600, 340);
    expect(sky.stars[0]).toMatchObject({ value: "Strong", x: 300, y: 170 });
    expect(sky.stars[0]?.radius).toBeGreaterThan(sky.stars[1]?.radius ?? 99);
  });

  test("leaves each star room for its name, inside the picture", () => {
    const { stars } = skyOf(many, NOW, 760, 380);
    for (const [at, star] of stars.entries()) {
      const room = roomOf(star);
      expect(room.left).toBeGreaterThanOrEqual(-0.01);
      expect(room.right).toBeLessThanOrEqual(760.01);
      expect(room.top).toBeGreaterThanOrEqual(-0.01);
      expect(room.bottom).toBeLessThanOrEqual(380.01);
      for (const other of stars.slice(at + 1)) {
        const its = roomOf(other);
        const overlap = Math.min(Math.min(room.right, its.right) - Math.max(room.left, its.left), Math.min(room.bottom, its.bottom) - Math.max(room.top, its.top));
        expect(overlap, `${star.value} and ${other.value}`).toBeLessThan(4);
      }
    }
  });

  test("is the same for the same tastes, whatever their order", () => {
    expect(skyOf(many, NOW, 600, 340)).toEqual(skyOf([...many].reverse(), NOW, 600, 340));
  });

  test("strings only tastes of one kind together, and never a dislike", () => {
    const sky = skyOf([liking("A", 3), liking("B", 2), liking("C", 1, 0, "artist"), liking("D", -2)], NOW, 600, 340);
    expect(sky.lines).toEqual([["genre\tB", "genre\tA"]]);
    expect(sky.stars.find((star) => star.value === "D")?.disliked).toBe(true);
  });

  test("fades by half every fourteen days, and never to nothing", () => {
    expect(brightnessOf(new Date(NOW).toISOString(), NOW)).toBe(1);
    expect(brightnessOf(new Date(NOW - 14 * 86_400_000).toISOString(), NOW)).toBeCloseTo(0.625);
    expect(brightnessOf("2000-01-01T00:00:00Z", NOW)).toBeCloseTo(0.25);
  });
});

describe("the identity graph", () => {
  const identifier = (kind: string, value: string, blocked = false) => ({ identifier_id: 1, kind, value, blocked, first_seen: "2026-01-01T00:00:00Z", last_seen: "2026-01-01T00:00:00Z" });
  const edge = (from_id: string, to_id: string, refused_reason: string | null = null) => ({ from_id, to_id, kind: "together", event_id: "e", at: "2026-01-01T00:00:00Z", refused_reason });
  const graph: IdentityGraph = {
    customer_id: "c",
    identifiers: [identifier("anonymous_id", "x"), identifier("user_id", "ann"), identifier("email", "ann@example.org"), identifier("device_id", "d"), identifier("email", "test@test.com", true), identifier("phone", "lonely")],
    evidence: [edge("anonymous_id:x", "user_id:ann"), edge("user_id:ann", "email:ann@example.org"), edge("anonymous_id:x", "device_id:d"), edge("user_id:ann", "email:test@test.com", "shared by many")],
    merged_from: [],
  };

  test("has the user id in its middle when it is tied as much as another", () => {
    expect(hubOf(graph)).toBe("user_id:ann");
  });

  test("counts steps of evidence, and puts what nothing ties outermost", () => {
    const steps = stepsFrom("user_id:ann", graph);
    expect(steps.get("device_id:d")).toBe(2);
    expect(steps.get("phone:lonely")).toBe(3);
  });

  test("places every identifier once, inside, and no card over another", () => {
    const placed = placeIdentifiers(graph, 900, 420);
    expect(new Set(placed.map((place) => place.id)).size).toBe(6);
    for (const [at, one] of placed.entries()) {
      expect(one.x).toBeGreaterThanOrEqual(CARD_WIDTH / 2 - 0.01);
      expect(one.y).toBeLessThanOrEqual(420 - CARD_HEIGHT / 2 + 0.01);
      for (const other of placed.slice(at + 1)) expect(Math.abs(one.x - other.x) >= CARD_WIDTH - 1 || Math.abs(one.y - other.y) >= CARD_HEIGHT - 1, `${one.id} and ${other.id}`).toBe(true);
    }
  });

  test("of nobody is empty", () => {
    expect(placeIdentifiers({ customer_id: "c", identifiers: [], evidence: [], merged_from: [] }, 900, 420)).toEqual([]);
  });
});

describe("the story", () => {
  const entry = (event_id: string, occurred_at: string, session: string | null = null): TimelineEntry => ({ event_id, name: "Page", occurred_at, source_id: "web", summary: "", properties: {}, session });

  test("is told by local day and by session", () => {
    const days = storyOf([entry("4", "2026-01-02T16:30:00Z", "b"), entry("3", "2026-01-02T15:50:00Z", "b"), entry("2", "2026-01-02T10:00:00Z", "a"), entry("1", "2026-01-02T09:00:00Z", "a")], "Asia/Taipei");
    expect(days.map((day) => [day.day, day.sittings.map((sitting) => sitting.entries.length)])).toEqual([["2026-01-03", [1]], ["2026-01-02", [1, 2]]]);
  });

  test("without sessions, half an hour of silence begins a new sitting", () => {
    const [day] = storyOf([entry("3", "2026-01-02T10:40:00Z"), entry("2", "2026-01-02T10:11:00Z"), entry("1", "2026-01-02T09:41:00Z")], "UTC");
    expect(day?.sittings.map((sitting) => [sitting.from, sitting.to])).toEqual([
      ["2026-01-02T10:11:00Z", "2026-01-02T10:40:00Z"],
      ["2026-01-02T09:41:00Z", "2026-01-02T09:41:00Z"],
    ]);
  });

  test.each([["Slate Shown", "shown"], ["Song Liked", "liked"], ["Title Rated", "liked"], ["Order Completed", "bought"], ["Video Playback Started", "played"], ["Product Viewed", "seen"], ["Identify", "who"], ["Products Searched", "told"], ["Kettle Boiled", "other"]])("%s belongs to what was %s", (name, chapter) => {
    expect(chapterOf(name)).toBe(chapter);
  });
});

test.each([["Ann Chen", "AC"], ["林怡君", "怡君"], ["佐藤 美咲", "美咲"], ["quiet-heron", "QH"], ["x", "X"]])("%s is abbreviated %s", (name, letters) => {
  expect(initials(name)).toBe(letters);
});

test("a device is called by its model, and by its kind when it has none", () => {
  const device = (device_id: string, model: string, last_seen: string) => ({ device_id, kind: "Phone", model, system: model && "iOS", first_seen: last_seen, last_seen });
  expect(devicesOf([device("1", "", "2026-01-01T00:00:00Z"), device("2", "iPhone", "2026-01-02T00:00:00Z")]).map((each) => each.name)).toEqual(["iPhone · iOS", "Phone"]);
});

test("addresses of customers keep what they know; the story needs no word", () => {
  expect(customersSearch({ query: 42, x: 1 })).toEqual({ query: "42" });
  expect(customersSearch({ taste: "" })).toEqual({ taste: "" });
  expect(customersSearch({ taste: "Drama", seen: "24h" })).toEqual({ taste: "Drama", seen: "24h" });
  expect(customersSearch({ query: "ann", taste: "Drama", seen: "24h" })).toEqual({ query: "ann" });
  expect(customerSearch({ tab: "story" })).toEqual({});
  expect(customerSearch({ tab: "identity", event: "e1" })).toEqual({ tab: "identity", event: "e1" });
});
