import { SegmentedControl, useComputedColorScheme } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Chart, ChartSkeleton, ErrorState, Figure, Figures, inWords, paletteOf, TimeAgo, useFormat } from "../shared";
import type { Destination, DestinationFigures } from "../shared/api";
import css from "./DestinationPage.module.css";
import { figuresQuery } from "./queries";
import { type DestinationSearch, type Range, RANGES } from "./search";
import { type Bar, barsOf, sumsOf, TONES, whyOf } from "./state";
import { StateDot } from "./StateDot";

interface PictureProps {
  destination: Destination;
  range: Range;
  onChange: (next: Partial<DestinationSearch>) => void;
}

/** Does it arrive? How it stands in a sentence, deliveries over time, and the figures behind them. */
export function Picture({ destination, range, onChange }: PictureProps) {
  const { t } = useTranslation("destinations");
  const query = useQuery({ ...figuresQuery(destination.destination_id, range), placeholderData: (before) => before });
  return (
    <>
      <Standing destination={destination} />
      <Numbers destination={destination} figures={query.data} />
      <div className={css.head}>
        <p className={css.title}>{t("picture.title")}</p>
        <SegmentedControl size="xs" aria-label={t("range.label")} value={String(range)} onChange={(value) => onChange({ range: Number(value) as Range, from: undefined, to: undefined })} data={RANGES.map((each) => ({ value: String(each), label: t(`range.${each}`) }))} />
      </div>
      {query.isPending && <div className={css.chart}><ChartSkeleton height={180} /></div>}
      {query.error && !query.data && <ErrorState size="small" error={query.error} retry={() => void query.refetch()} />}
      {query.data && <Bars figures={query.data} range={range} onOpen={(bar) => onChange({ tab: "deliveries", from: bar.at, to: bar.until, outcome: undefined })} />}
    </>
  );
}

function Standing({ destination }: { destination: Destination }) {
  const { t } = useTranslation("destinations");
  const { health, reason } = destination;
  const tone = TONES[health.state];
  const sentence = whyOf(destination);
  const error = reason && health.last_error ? inWords(health.last_error_said, health.last_error) : "";
  const lastError = error === sentence ? "" : error; // said once
  return (
    <div className={css.banner} data-tone={tone}>
      <StateDot state={health.state} />
      {sentence && <p>{sentence}</p>}
      {lastError && health.last_error_at && <span className={css.since}>{t("one.last_error")} {lastError} (<TimeAgo at={health.last_error_at} />)</span>}
      {!reason && health.state === "failing" && health.last_error_at && <span className={css.since}><TimeAgo at={health.last_error_at} /></span>}
      {health.next_try_at && health.state === "failing" && <NextTry at={health.next_try_at} />}
    </div>
  );
}

function NextTry({ at }: { at: string }) {
  const { t } = useTranslation("destinations");
  const format = useFormat();
  return <span className={css.since}>{t("one.next", { when: format.clockSeconds(at) })}</span>;
}

function Numbers({ destination: { health, feed, destination_id }, figures }: { destination: Destination; figures: DestinationFigures | undefined }) {
  const { t } = useTranslation("destinations");
  const format = useFormat();
  const sums = figures && sumsOf(figures);
  const from = `GET /v1/destinations/${destination_id}`;
  return (
    <Figures>
      <Figure size="medium" label={t("figure.delivered")} value={format.number(health.delivered_1h)} definition={t("figure.delivered_def")} query={from} />
      {feed === "events" && (
        <Figure size="medium" label={t("figure.waiting")} value={format.number(health.waiting)} note={health.waiting > 0 ? t("figure.oldest", { age: format.duration(health.oldest_waiting_s * 1000) }) : undefined} definition={t("figure.waiting_def")} query={from} />
      )}
      {feed === "events" && <Figure size="medium" label={t("figure.dead")} tone={health.dead_letters > 0 ? "watch" : "plain"} value={format.number(health.dead_letters)} definition={t("figure.dead_def")} query={from} />}
      {feed === "hours" && <Figure size="medium" label={t("figure.hours")} value={format.number(health.hours_done ?? 0)} note={health.hours_due ? t("figure.hours_due", { count: health.hours_due }) : undefined} definition={t("figure.hours_def")} query={from} />}
      {feed === "audience" && <Figure size="medium" label={t("figure.members")} value={format.number(health.members ?? 0)} note={health.removals_waiting ? t("figure.removals", { count: health.removals_waiting }) : undefined} definition={t("figure.members_def")} query={from} />}
      <Figure size="medium" label={t("figure.retried")} tone={sums && sums.retried > 0 ? "watch" : "plain"} value={sums ? format.number(sums.retried) : "–"} note={t("figure.range")} definition={t("figure.retried_def")} query={`${from}/figures`} />
      <Figure size="medium" label={t("figure.mean")} value={sums?.mean_ms == null ? "–" : format.duration(sums.mean_ms)} note={t("figure.range")} definition={t("figure.mean_def")} query={`${from}/figures`} />
    </Figures>
  );
}

function Bars({ figures, range, onOpen }: { figures: DestinationFigures; range: Range; onOpen: (bar: Bar) => void }) {
  const { t } = useTranslation("destinations");
  const format = useFormat();
  const scheme = useComputedColorScheme("light");
  const bars = useMemo(() => barsOf(figures), [figures]);
  const stamp = range > 24 ? format.dayOfYear : format.clock;
  const option = useMemo(() => {
    const palette = paletteOf(scheme);
    const ends = [["delivered", palette.good], ["retried", palette.watch], ["dead", palette.bad]] as const;
    return {
      grid: { left: 44, right: 52, top: 26, bottom: 24 },
      legend: { top: 0, left: 0, data: [...ends.map(([end]) => t(`picture.${end}`)), t("picture.mean")] },
      tooltip: { trigger: "axis" },
      xAxis: { type: "category", data: bars.map((bar) => bar.at), axisLabel: { formatter: (value: string) => stamp(value), hideOverlap: true } },
      yAxis: [
        { type: "value", min: 0, minInterval: 1, splitNumber: 3, axisLabel: { formatter: (value: number) => format.compact(value) } },
        { type: "value", min: 0, splitNumber: 3, splitLine: { show: false }, axisLabel: { formatter: (value: number) => format.duration(value) } },
      ],
      series: [
        ...ends.map(([end, color]) => ({ id: end, name: t(`picture.${end}`), type: "bar", stack: "all", barCategoryGap: "20%", color, data: bars.map((bar) => bar[end]) })),
        { id: "mean", name: t("picture.mean"), type: "line", yAxisIndex: 1, connectNulls: true, symbol: "none", color: palette.muted, lineStyle: { width: 1.5, type: "dashed" }, data: bars.map((bar) => (bar.mean_ms === null ? null : Math.round(bar.mean_ms))) },
      ],
    };
  }, [bars, scheme, format, stamp, t]);
  const columns = [
    { key: "at", title: t("picture.at"), value: (bar: Bar) => format.moment(bar.at) },
    ...(["delivered", "retried", "dead"] as const).map((end) => ({ key: end, title: t(`picture.${end}`), align: "end" as const, value: (bar: Bar) => bar[end] })),
    { key: "mean", title: t("picture.mean"), align: "end" as const, value: (bar: Bar) => bar.mean_ms },
    { key: "slowest", title: t("picture.slowest"), align: "end" as const, value: (bar: Bar) => bar.slowest_ms },
  ];
  if (figures.spans.length === 0) return <p className={css.quiet}>{t("picture.empty")}</p>;
  return (
    <>
      <div className={css.chart}>
        <Chart label={t("picture.title")} option={option} height={200} columns={columns} rows={bars} rowKey={(bar) => bar.at} onClick={({ dataIndex }) => { const bar = bars[dataIndex]; if (bar) onOpen(bar); }} />
      </div>
      <p className={css.hint}>{t("picture.hint")}</p>
    </>
  );
}
