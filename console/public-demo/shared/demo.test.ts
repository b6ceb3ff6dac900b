import { expect, test } from "vitest";
import { tuneOf } from "../music/tones";
import { entriesOf, type Item, spoken } from "./api";
import { playedFrom, seenAt } from "./tracker";

const film = (title: string, attributes: Item["attributes"] = {}): Item => ({ item_id: "1", kind: "video", title, attributes, tags: [], available: true, image: null });

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
