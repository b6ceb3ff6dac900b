import { useComputedColorScheme } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Chart, paletteOf, seriesColour, Sparkline, useFormat } from "../shared";
import type { Today } from "../shared/api";
import css from "./Traffic.module.css";
import { mainSources, minutesOf, type TrafficMinute } from "./minutes";

const SOURCES_MAX = 6;

/** Events per second, stacked by source, over the last hour; beside it the rate of this very second. */
export function Traffic({ today, pulse }: { today: Today; pulse: readonly number[] }) {
  const { t } = useTranslation("today");
  const format = useFormat();
  const scheme = useComputedColorScheme("light");
  const narrow = useMediaQuery("(max-width: 720px)") ?? false;
  const minutes = useMemo(() => minutesOf(today.series, today.at), [today.series, today.at]);
  const { main, rest } = useMemo(() => mainSources(today.series, SOURCES_MAX), [today.series]);
  const names = useMemo(() => new Map(today.by_source.map((source) => [source.source_id, source.name])), [today.by_source]);
  const keys = rest.length > 0 ? [...main, "rest"] : main;
  const label = (key: string) => (key === "rest" ? t("traffic.rest", { count: rest.length }) : (names.get(key) ?? key));
  const rate = (minute: TrafficMinute, key: string) => (key === "rest" ? rest.reduce((sum, each) => sum + (minute.rates[each] ?? 0), 0) : (minute.rates[key] ?? 0));
  const option = useMemo(() => {
    const palette = paletteOf(scheme);
    return {
      grid: { left: 34, right: narrow ? 76 : 112, top: 12, bottom: 24 },
      tooltip: { trigger: "axis", valueFormatter: (value: unknown) => format.decimal(Number(value), 2) },
      xAxis: { type: "time", axisLabel: { formatter: (value: number) => format.clock(value), hideOverlap: true }, splitNumber: 6 },
      yAxis: { type: "value", min: 0, splitNumber: 3, axisLabel: { formatter: (value: number) => format.compact(value) } },
      series: keys.map((key) => {
        const colour = key === "rest" ? palette.faint : seriesColour(key, main, palette);
        return {
          id: key, name: label(key), type: "line", stack: "sources", symbol: "none", smooth: 0.25, color: colour,
          lineStyle: { width: 1.5 }, areaStyle: { opacity: 0.22 }, emphasis: { focus: "series" },
          endLabel: { show: true, formatter: "{a}", color: palette.muted, fontSize: 12, width: narrow ? 66 : 100, overflow: "truncate" },
          labelLayout: { moveOverlap: "shiftY" },
          data: minutes.map((minute) => [minute.minute, rate(minute, key)]),
        };
      }),
    };
  }, [scheme, minutes, keys.join("|"), format, names, narrow]);
  const columns = [
    { key: "minute", title: t("traffic.minute"), value: (row: TrafficMinute) => format.clock(row.minute) },
    ...keys.map((key) => ({ key, title: label(key), align: "end" as const, value: (row: TrafficMinute) => Number(rate(row, key).toFixed(2)) })),
  ];
  return (
    <div className={css.band}>
      <div className={css.now}>
        <span className={css.label}>{t("traffic.now")}</span>
        <span className={css.rate}>{format.decimal(today.rate_per_s, today.rate_per_s < 10 ? 1 : 0)}</span>
        <span className={css.unit}>{t("traffic.unit")}</span>
        <Sparkline values={pulse} width={140} height={34} label={t("traffic.pulse")} />
      </div>
      <div className={css.chart}>
        <p className={css.title}>{t("traffic.title")}</p>
        <Chart label={t("traffic.title")} option={option} height={196} columns={columns} rows={minutes} rowKey={(row) => row.minute} />
      </div>
    </div>
  );
}
