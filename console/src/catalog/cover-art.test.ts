import { describe, expect, test } from "vitest";
import { coverArt, PALETTES, paletteOf, tellingTag } from "./cover-art";

const light = (hex: string): number => {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255).map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a: string, b: string): number => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
const film = (id: string, ...genres: string[]) => ({ id, kind: "video", title: id, tags: genres.map((value) => ({ kind: "genre", value })) });

describe("a cover", () => {
  test.each(PALETTES.map((palette) => [palette.name, palette] as const))("can be read in %s: its ink stands 4.5 to 1 on its ground", (_, palette) => {
    expect(contrast(palette.ink, palette.ground)).toBeGreaterThanOrEqual(4.5);
  });

  test("is the same drawing every time", () => {
    expect(coverArt(film("50", "Drama"))).toEqual(coverArt(film("50", "Drama")));
  });

  test("differs from the next item's of the same genre", () => {
    expect(coverArt(film("50", "Drama")).strokes).not.toEqual(coverArt(film("51", "Drama")).strokes);
  });

  test("wears one of its genre's two colours", () => {
    const worn = new Set(Array.from({ length: 60 }, (_, at) => coverArt(film(String(at), "Comedy")).palette.name));
    expect([...worn].sort()).toEqual(["ochre", "rose"]);
  });

  test("of a product shows what it is, by its title before its category", () => {
    expect(coverArt({ id: "p1", kind: "product", title: "Morning cup", tags: [{ kind: "category", value: "Kitchen" }] }).motif).toBe("cup");
    expect(coverArt({ id: "p2", kind: "product", title: "No. 7", tags: [{ kind: "category", value: "Bags" }] }).motif).toBe("bag");
  });

  test("of a lamp from a tea house is a lamp", () => {
    expect(coverArt({ id: "p3", kind: "product", title: "晨間茶行 床頭燈", tags: [{ kind: "brand", value: "晨間茶行" }] }).motif).toBe("lamp");
  });

  test("without any word still has a face", () => {
    const art = coverArt({ id: "x", kind: "item", tags: [] }, "square");
    expect(art.strokes.length).toBeGreaterThan(0);
    expect(art.strokes.every((stroke) => !stroke.d.includes("NaN"))).toBe(true);
  });
});

test("the most particular genre speaks, not the first in the alphabet", () => {
  const star_wars = ["Action", "Adventure", "Romance", "Sci-Fi", "War"].map((value) => ({ kind: "genre", value }));
  expect(tellingTag(star_wars)?.value).toBe("Sci-Fi");
  expect(tellingTag([{ kind: "genre", value: "Drama" }, { kind: "genre", value: "Romance" }])?.value).toBe("Romance");
});

test("a genre says more than a tag, and unknown says nothing", () => {
  expect(tellingTag([{ kind: "tag", value: "cult" }, { kind: "genre", value: "unknown" }, { kind: "genre", value: "Drama" }])?.value).toBe("Drama");
});

test("a word nobody planned for has a colour too, always the same", () => {
  expect(paletteOf("沖縄").name).toBe(paletteOf("沖縄").name);
});
