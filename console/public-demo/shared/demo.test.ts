import { expect, test } from "vitest";
import { tuneOf } from "../music/tones";
import { entriesOf, type Item, type Shelf, spoken } from "./api";
import { distinct } from "./shelf";
import { playedFrom, seenAt } from "./tracker";

const film = (title: string, attributes: Item["attributes"] = {}): Item => ({ item_id: "1", kind: "video", title, attributes, tags: [], available: true, image: null });

const shelf = (slot: string, kind: "popular" | "because_you", ...ids: string[]): Shelf => ({
  title: slot, slot,
  slate: { slate_id: slot, slot, policy: "blend", items: ids.map((item_id, at) => ({ item_id, title: item_id, position: at + 1, reasons: [{ kind, text: "", title: "Heat" }], item: { title: item_id, kind: "video", tags: [], attributes: {}, image: null } })) },
});

test("nothing stands on two shelves, and what one leaves over may stand on the next", () => {
  const rows = distinct([shelf("home", "popular", "a", "b", "c", "d"), shelf("popular", "popular", "a", "c", "d", "e")], 1, 3);
  expect(rows.map((row) => row.entries.map((entry) => entry.item.item_id))).toEqual([["a", "b", "c"], ["d", "e"]]);
  expect(rows[1]?.entries.map((entry) => entry.seen?.position)).toEqual([3, 4]);
});

test("a shelf that says because needs a because, and a shelf with too little is left out", () => {
  expect(distinct([shelf("because-you-watched", "popular", "a", "b", "c", "d")])).toEqual([]);
  expect(distinct([shelf("home", "popular", "a", "b", "c", "d", "e"), shelf("trending", "popular", "a", "b", "c", "x")]).length).toBe(1);
  expect(distinct([shelf("because-you-watched", "because_you", "a", "b", "c", "d")]).length).toBe(1);
});

test("a title is said without its year and with its article in front", () => {
  expect(spoken(film("Usual Suspects, The (1995)"))).toEqual({ title: "The Usual Suspects", year: 1995 });
  expect(spoken(film("Heat", { year: 1995 }))).toEqual({ title: "Heat", year: 1995 });
});

test("what stood on a shelf remembers its slate and its place", () => {
  const [entry] = entriesOf({ slate_id: "s1", slot: "home", policy: "blend", items: [{ item_id: "7", title: "Heat", position: 3, reasons: [], item: { title: "Heat", kind: "video", tags: ["cult", { kind: "genre", value: "Crime" }], attributes: {}, image: null } }] });
  expect(entry?.item.tags).toEqual(["cult", "Crime"]);
  expect(seenAt(entry as { seen: null })).toEqual({ slate_id: "s1", slot: "home", position: 3 });
  expect(playedFrom(entry as { seen: null })).toEqual({ slate_id: "s1", slot: "home", slate_position: 3 });
  expect(seenAt({ seen: null })).toEqual({});
});

test("a song's tune is always the same, and another's is another", () => {
  expect(tuneOf("Low tide")).toEqual(tuneOf("Low tide"));
  expect(tuneOf("Low tide")).not.toEqual(tuneOf("Salt"));
});
