import { SegmentedControl, Select, useComputedColorScheme } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useReason } from "../reasons/ReasonName";
import { BarCell, Chart, ChartSkeleton, DataTable, EmptyState, ErrorState, Figure, Figures, FiguresSkeleton, Page, paletteOf, Section, seriesColour, type TableColumn, TableSkeleton, TimeAgo, useFormat } from "../shared";
import { get, type Outcome, type ReasonCount, type Reasons } from "../shared/api";
import { sourcesQuery } from "../sources/sources";
import { ReasonDrawer } from "./ReasonDrawer";
import css from "./RejectedPage.module.css";
import { mainReasons, stepsOf } from "./reasons-over-time";
import { OUTCOMES, type RejectedSearch, SPANS, type Span } from "./search";
import { EventsTabs } from "./Tabs";

const REFRESH_MS = 15_000;
const TOLD = ["rejected", "corrected", "duplicate"] as const;
const REASONS_MAX = 6;

export function RejectedPage() {
  const { t } = useTranslation("events");
  const search = useSearch({ from: "/shell/events/rejected" });
  const navigate = useNavigate({ from: "/events/rejected" });
  const { span = "24h", outcome = "rejected" } = search;
  const sources = useQuery(sourcesQuery);
  const reasons = useQuery({
    queryKey: ["events", "reasons", span, outcome, search.source_id ?? null],
    queryFn: ({ signal }) => get<Reasons>("/v1/events/reasons", { span, outcome, source_id: search.source_id }, signal),
    refetchInterval: REFRESH_MS,
    placeholderData: keepPreviousData,
  });
  const set = (change: Partial<RejectedSearch>) => void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  const open = reasons.data?.reasons.find((row) => row.reason === search.reason && row.source_id === (search.of ?? "") && row.outcome === outcome);
  return (
    <Page title={t("rejected.title")} question={t("rejected.question")}>
      <EventsTabs now="rejected" />
      <div className={css.filters}>
        <SegmentedControl data={TOLD.map((each) => ({ value: each, label: t(`outcome.${each}`) }))} value={outcome} onChange={(value) => set({ outcome: value as Outcome, reason: undefined })} aria-label={t("column.outcome")} />
        <SegmentedControl data={SPANS.map((each) => ({ value: each, label: t(`rejected.span.${each}`) }))} value={span} onChange={(value) => set({ span: value as Span })} aria-label={t("rejected.span.label")} />
        <Select aria-label={t("column.source")} placeholder={t("filter.source")} clearable data={(sources.data ?? []).map((source) => ({ value: source.source_id, label: source.name }))} value={search.source_id ?? null} onChange={(value) => set({ source_id: value ?? undefined })} />
      </div>
      {reasons.error && !reasons.data ? <ErrorState error={reasons.error} retry={() => void reasons.refetch()} /> : reasons.data ? <Answer reasons={reasons.data} outcome={outcome} span={span} onOpen={(row) => set({ reason: row.reason, of: row.source_id })} open={open} /> : <Waiting />}
      {open && <ReasonDrawer row={open} onClose={() => set({ reason: undefined, of: undefined })} />}
    </Page>
  );
}

function Waiting() {
  return (
    <>
      <Section flush><FiguresSkeleton count={4} /></Section>
      <Section><ChartSkeleton height={220} /></Section>
      <Section flush><TableSkeleton rows={6} columns={4} /></Section>
    </>
  );
}

interface AnswerProps {
  reasons: Reasons;
  outcome: Outcome;
  span: Span;
  onOpen: (row: ReasonCount) => void;
  open: ReasonCount | undefined;
}

function Answer({ reasons, outcome, span, onOpen, open }: AnswerProps) {
  const { t } = useTranslation("events");
  const format = useFormat();
  const total = OUTCOMES.reduce((sum, each) => sum + reasons.outcomes[each], 0);
  const rows = reasons.reasons.filter((row) => row.outcome === outcome);
  const columns = useColumns(rows);
  return (
    <>
      <Section flush>
        <Figures>
          {OUTCOMES.map((each) => (
            <Figure
              key={each}
              label={t(`outcome.${each}`)}
              value={format.number(reasons.outcomes[each])}
              note={total > 0 ? format.percent(reasons.outcomes[each] / total, 2) : undefined}
              tone={each === "rejected" && reasons.outcomes[each] > 0 ? "bad" : "plain"}
              definition={t("rejected.adds_up", { total: format.number(total) })}
              query={`GET /v1/events/reasons?span=${span}`}
            />
          ))}
        </Figures>
      </Section>
      {rows.length === 0 ? (
        <Section>
          <EmptyState icon={<IconCircleCheck size={22} stroke={1.5} />} title={t(`rejected.none.${outcome}`)} text={t("rejected.none_text")} />
        </Section>
      ) : (
        <>
          <Section><Course reasons={reasons} rows={rows} /></Section>
          <Section flush title={t("rejected.why")} hint={t("rejected.why_hint")}>
            <DataTable label={t("rejected.why")} columns={columns} rows={rows} rowKey={keyOf} rowHeight={44} onOpen={onOpen} openKey={open ? keyOf(open) : null} />
          </Section>
        </>
      )}
    </>
  );
}

const keyOf = (row: ReasonCount): string => `${row.reason}|${row.source_id}`;

/** When it happened, by reason, stacked. */
function Course({ reasons, rows }: { reasons: Reasons; rows: readonly ReasonCount[] }) {
  const { t } = useTranslation("events");
  const format = useFormat();
  const reason = useReason();
  const scheme = useComputedColorScheme("light");
  const { main, steps } = useMemo(() => ({ main: mainReasons(reasons.series, REASONS_MAX), steps: stepsOf(reasons.series, reasons.since, reasons.step_s, Date.now()) }), [reasons]);
  const more = steps.some((step) => Object.keys(step.counts).some((code) => !main.includes(code)));
  const keys = more ? [...main, "rest"] : main;
  const name = (key: string) => (key === "rest" ? t("rejected.rest") : reason.title(key));
  const count = (step: (typeof steps)[number], key: string) => (key === "rest" ? Object.entries(step.counts).reduce((sum, [code, events]) => (main.includes(code) ? sum : sum + events), 0) : (step.counts[key] ?? 0));
  const option = useMemo(() => {
    const palette = paletteOf(scheme);
    return {
      grid: { left: 44, right: 12, top: 44, bottom: 24 },
      legend: { top: 0, left: 0, type: "scroll" },
      tooltip: { trigger: "axis", axisPointer: { type: "shadow" }, valueFormatter: (value: unknown) => format.number(Number(value)) },
      xAxis: { type: "time", axisLabel: { formatter: (value: number) => (reasons.step_s >= 7_200 ? format.dayOfYear(value) : format.clock(value)), hideOverlap: true } },
      yAxis: { type: "value", min: 0, minInterval: 1, splitNumber: 3, axisLabel: { formatter: (value: number) => format.compact(value) } },
      series: keys.map((key) => ({ id: key, name: name(key), type: "bar", stack: "reasons", barMaxWidth: 18, color: key === "rest" ? palette.faint : seriesColour(key, main, palette), data: steps.map((step) => [step.at, count(step, key)]) })),
    };
  }, [scheme, steps, keys.join("|"), format]);
  const columns = [
    { key: "at", title: t("rejected.at"), value: (row: (typeof steps)[number]) => format.moment(row.at) },
    ...keys.map((key) => ({ key, title: name(key), align: "end" as const, value: (row: (typeof steps)[number]) => count(row, key) })),
  ];
  const first = rows[0];
  const label = first ? t("rejected.most", { reason: reason.title(first.reason), source: first.source_name || t("rejected.stranger"), count: first.events, formatted: format.number(first.events) }) : "";
  return (
    <>
      <h2 className={css.finding}>{label}</h2>
      <Chart label={label} option={option} height={220} columns={columns} rows={steps} rowKey={(row) => String(row.at)} />
    </>
  );
}

function useColumns(rows: readonly ReasonCount[]): TableColumn<ReasonCount>[] {
  const { t } = useTranslation("events");
  const format = useFormat();
  const reason = useReason();
  const most = Math.max(1, ...rows.map((row) => row.events));
  return useMemo<TableColumn<ReasonCount>[]>(
    () => [
      { key: "reason", title: t("rejected.reason"), width: 150, value: (row) => reason.title(row.reason), cell: (row) => <span className={css.reason}><span>{reason.title(row.reason)}</span><code>{row.reason}</code></span> },
      { key: "source", title: t("column.source"), width: 100, value: (row) => row.source_name, cell: (row) => <span className={css.source}>{row.source_name || t("rejected.stranger")}</span> },
      { key: "events", title: t("rejected.events"), width: 74, align: "end", value: (row) => row.events, cell: (row) => format.number(row.events) },
      { key: "share", title: t("rejected.share"), width: 110, hideBelow: 720, sortable: false, value: (row) => row.events / most, cell: (row) => <BarCell share={row.events / most} /> },
      { key: "names", title: t("rejected.names"), width: 170, hideBelow: 960, value: (row) => row.names.join(", "), cell: (row) => <span className={css.names}>{row.names.length > 0 ? format.list(row.names.slice(0, 3)) : "–"}</span> },
      { key: "last", title: t("rejected.last"), width: 90, hideBelow: 560, value: (row) => row.last_at, cell: (row) => <TimeAgo at={row.last_at} /> },
    ],
    [t, format, most, reason],
  );
}
