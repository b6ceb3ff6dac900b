import { expect, it } from "vitest";
import { LIGHT } from "../../app/tokens";
import { seriesColour } from "./theme";

it("a noun keeps its colour whatever the order of the data", () => {
  expect(seriesColour("web", ["web", "app"], LIGHT)).toBe(seriesColour("web", ["app", "web"], LIGHT));
  expect(seriesColour("app", ["web", "app"], LIGHT)).toBe(LIGHT.series[0]);
});
