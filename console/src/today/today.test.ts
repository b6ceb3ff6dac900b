import { describe, expect, test } from "vitest";
import { mainSources, minutesOf } from "./minutes";
import { tilesOf } from "./tiles";

describe("tiles", () => {
  const tiles = tilesOf([{ label: "a", count: 6 }, { label: "b", count: 3 }, { label: "c", count: 1 }, { label: "none", count: 0 }], 300, 200);

  test("have areas in the proportion of their counts", () => {
    const areas = Object.fromEntries(tiles.map((tile) => [tile.label, (tile.width * tile.height) / 60_000]));
    expect(areas["a"]).toBeCloseTo(0.6);
    expect(areas["b"]).toBeCloseTo(0.3);
    expect(areas["c"]).toBeCloseTo(0.1);
    expect(areas["none"]).toBeUndefined();
  });

  test("stay inside and do not overlap", () => {
    for (const [at, one] of tiles.entries()) {
      expect(one.x).toBeGreaterThanOrEqual(0);
      expect(one.x + one.width).toBeLessThanOrEqual(300.001);
      expect(one.y + one.height).toBeLessThanOrEqual(200.001);
      for (const other of tiles.slice(at + 1)) {
        const across = Math.min(one.x + one.width, other.x + other.width) - Math.max(one.x, other.x);
        const down = Math.min(one.y + one.height, other.y + other.height) - Math.max(one.y, other.y);
        expect(Math.min(across, down)).toBeLessThanOrEqual(0.001);
      }
    }
  });

  test("of nobody are none", () => {
    expect(tilesOf([{ label: "a", count: 0 }], 300, 200)).toEqual([]);
    expect(tilesOf([{ label: "a", count: 5 }], 0, 200)).toEqual([]);
  });
});

describe("the hour's traffic", () => {
  const series = [
    { minute: "2026-01-01T10:00:00Z", source_id: "web", count: 120 },
    { minute: "2026-01-01T10:02:00Z", source_id: "app", count: 60 },
    { minute: "2026-01-01T10:03:00Z", source_id: "web", count: 5 },
  ];

  test("is told per second, with nothing where nothing came, and leaves the running minute out", () => {
    const minutes = minutesOf(series, "2026-01-01T10:03:20Z");
    expect(minutes).toHaveLength(60);
    expect(minutes[0]).toEqual({ minute: "2026-01-01T09:03:00.000Z", rates: { web: 0, app: 0 } });
    expect(minutes.slice(-3).map((minute) => minute.rates)).toEqual([
      { web: 2, app: 0 },
      { web: 0, app: 0 },
      { web: 0, app: 1 },
    ]);
  });

  test("of an empty hour is empty", () => {
    expect(minutesOf([], "2026-01-01T10:03:20Z")).toEqual([]);
  });

  test("names the busiest sources and gathers the rest", () => {
    expect(mainSources(series, 1)).toEqual({ main: ["web"], rest: ["app"] });
  });
});
