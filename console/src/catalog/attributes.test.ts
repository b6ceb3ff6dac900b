import { expect, test } from "vitest";
import { attributesOf, formatOf, lineOf, valueOf } from "./attributes";
import { catalogSearch } from "./search";
import { spokenTitle, tagsOf } from "./tags";

test.each([["Drama", "text"], [1995, "number"], [false, "boolean"], [["Crime", "Drama"], "list"]] as const)("%j survives being written out and read back", (value, was) => {
  const line = lineOf("it", value as string);
  expect(line.was).toBe(was);
  expect(valueOf(line)).toEqual(value);
});

test("a number that became a word is told, and the rest is kept", () => {
  expect(attributesOf([{ name: "year", text: "soon", was: "number" }, { name: "brand", text: "Nagi", was: "text" }])).toEqual({ attributes: { brand: "Nagi" }, wrong: ["year"] });
});

test("an attribute that was emptied is left out", () => {
  expect(attributesOf([{ name: "brand", text: " ", was: "text" }])).toEqual({ attributes: {}, wrong: [] });
});

test("lists may be separated as Chinese and Japanese do", () => {
  expect(valueOf({ name: "genres", text: "劇情、愛情，戰爭", was: "list" })).toEqual(["劇情", "愛情", "戰爭"]);
});

test.each([["items.CSV", "csv"], ["a.b.jsonl", "jsonl"], ["x.parquet", "parquet"], ["x.xlsx", null]])("%s is %s", (name, format) => {
  expect(formatOf(name)).toBe(format);
});

test.each([["Matrix, The (1999)", "The Matrix"], ["Heat (1995)", "Heat"], ["2001", "2001"], ["Seventh Seal, The (Sjunde inseglet, Det) (1957)", "The Seventh Seal (Sjunde inseglet, Det)"], ["千と千尋", "千と千尋"]])("%s is said %s", (title, spoken) => {
  expect(spokenTitle(title)).toBe(spoken);
});

test("the words of an item come once, attributes before bare tags", () => {
  const item = { tags: ["cult", "cult"], attributes: { genres: ["Crime", "Crime"], year: 1995, artist: "Wren" } };
  expect(tagsOf(item)).toEqual([{ kind: "genre", value: "Crime" }, { kind: "artist", value: "Wren" }, { kind: "tag", value: "cult" }]);
});

test("an address keeps what the catalog knows, and item 7 is an id", () => {
  expect(catalogSearch({ query: " heat ", item: 7, available: false, colour: "red" })).toEqual({ query: "heat", item: "7", available: false });
});
