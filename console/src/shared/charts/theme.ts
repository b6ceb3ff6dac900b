import { DARK, LIGHT, type Palette } from "../../app/tokens";

export const paletteOf = (scheme: "light" | "dark"): Palette => (scheme === "dark" ? DARK : LIGHT);

/** The one chart theme: paper, ink, hairlines, series in their fixed order. */
export function chartTheme(scheme: "light" | "dark") {
  const colour = paletteOf(scheme);
  const axis = {
    axisLine: { show: false, lineStyle: { color: colour.line } },
    axisTick: { show: false },
    axisLabel: { color: colour.muted, fontSize: 12 },
    splitLine: { lineStyle: { color: colour.line, width: 1 } },
    nameTextStyle: { color: colour.muted, fontSize: 12 },
  };
  return {
    color: [...colour.series],
    backgroundColor: "transparent",
    textStyle: { fontFamily: "Inter Variable, Noto Sans TC Variable, Noto Sans JP Variable, system-ui, sans-serif", color: colour.ink },
    title: { textStyle: { color: colour.ink, fontSize: 14, fontWeight: 550 }, subtextStyle: { color: colour.muted } },
    categoryAxis: { ...axis, splitLine: { show: false }, axisLine: { show: true, lineStyle: { color: colour.line } } },
    valueAxis: axis,
    timeAxis: { ...axis, splitLine: { show: false }, axisLine: { show: true, lineStyle: { color: colour.line } } },
    logAxis: axis,
    legend: { textStyle: { color: colour.muted, fontSize: 12 }, icon: "circle", itemWidth: 8, itemHeight: 8 },
    tooltip: {
      backgroundColor: colour.raised,
      borderColor: colour.line,
      borderWidth: 1,
      padding: [8, 12],
      textStyle: { color: colour.ink, fontSize: 12 },
      extraCssText: "box-shadow: var(--shadow); border-radius: 6px; font-variant-numeric: tabular-nums;",
      axisPointer: { lineStyle: { color: colour.faint }, crossStyle: { color: colour.faint } },
    },
    line: { symbol: "none", lineStyle: { width: 1.5 }, smooth: false },
    bar: { itemStyle: { borderRadius: [2, 2, 0, 0] } },
  };
}

/** The colour of one noun among its siblings: by its place in the sorted list, so that it never changes with the data's
 * order. */
export function seriesColour(key: string, keys: readonly string[], palette: Palette): string {
  const place = [...keys].sort().indexOf(key);
  return palette.series[(place < 0 ? 7 : place) % 8] ?? palette.muted;
}
