import { describe, expect, it } from "vitest";
import { cssVariables, DARK, LIGHT, type Palette } from "./tokens";

const channel = (value: number) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => channel(parseInt(colour.slice(at, at + 2), 16) / 255));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05);
}

const TEXT: (keyof Palette)[] = ["ink", "muted", "accent", "good", "watch", "bad"];
const GROUNDS: (keyof Palette)[] = ["page", "surface", "raised", "hover"];

describe.each([["light", LIGHT], ["dark", DARK]] as const)("the %s palette", (_, palette) => {
  it.each(TEXT.flatMap((text) => GROUNDS.map((ground) => [text, ground] as const)))("lets %s be read on %s (AA, 4.5 : 1)", (text, ground) => {
    expect(contrast(palette[text] as string, palette[ground] as string)).toBeGreaterThanOrEqual(4.5);
  });

  it.each([["good", "goodSoft"], ["watch", "watchSoft"], ["bad", "badSoft"], ["accent", "accentSoft"], ["ink", "accentSoft"], ["onAccent", "accent"]] as const)("lets %s be read on %s", (text, ground) => {
    expect(contrast(palette[text], palette[ground])).toBeGreaterThanOrEqual(4.5);
  });

  it("lets every series stand out from the surface by 3 : 1, and no two be the same", () => {
    for (const colour of palette.series) expect(contrast(colour, palette.surface), colour).toBeGreaterThanOrEqual(3);
    expect(new Set(palette.series).size).toBe(8);
  });

  it("draws the edge of a field by 3 : 1", () => {
    expect(contrast(palette.edge, palette.surface)).toBeGreaterThanOrEqual(3);
  });
});

it("tokens become CSS variables in kebab case", () => {
  const variables = cssVariables(LIGHT);
  expect(variables["--accent-soft"]).toBe(LIGHT.accentSoft);
  expect(variables["--series-8"]).toBe(LIGHT.series[7]);
});
