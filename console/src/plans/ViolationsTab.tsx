import { SegmentedControl, Select, useComputedColorScheme } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconChecks } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Chart, ChartSkeleton, DataTable, EmptyState, ErrorState, Figure, Figures, paletteOf, Section, Sparkline, type TableColumn, TableSkeleton, TimeAgo, useFormat } from "../shared";
import type { Plan, ProblemLine, Violations } from "../shared/api";
import { ProblemDrawer } from "./ProblemDrawer";
import { problemsQuery, useSourceNames, violationsQuery } from "./queries";
import { type PlanSearch, SPANS, type Span } from "./search";
import { mainNames, shareOf, steps } from "./shares";
import css from "./ViolationsTab.module.css";
import { violationWords } from "./words";

const NAMES_MAX = 5;

interface ViolationsTabProps {
  plan: Plan;
  search: PlanSearch;
  set: (change: Partial<PlanSearch>) => void;
}

/** Do events keep to the plan, which do not, in which field, and what did they say? */
export function ViolationsTab({ plan, search, set }: ViolationsTabProps) {
  const { t } = useTranslation("plans");
  const seen = useQuery({ ...violationsQuery(plan.plan_id, search), refetchInterval: 10_000 });
  const problems = useQuery({ ...problemsQuery(plan.plan_id, search), refetchInterval: 10_000 });
  if (plan.versions.length === 0) return <Section><EmptyState title={t("violations.draft")} text={t("violations.draft_text")} /></Section>;
  const open = problems.data?.items.find((each) => each.problem_id === search.problem);
  return (
    <div className={css.stack}>
      <Filters plan={plan} search={search} set={set} />
      <Section>
        {seen.isPending && <ChartSkeleton height={240} />}
        {seen.error && !seen.data && <ErrorState size="small" error={seen.error} retry={() => void seen.refetch()} />}
        {seen.data && <Picture seen={seen.data} plan={plan} choose={(name) => set({ name })} />}
      </Section>
      <Section flush title={t("violations.by_field")} hint={t("violations.by_field_hint")}>
        {problems.isPending && <TableSkeleton rows={6} />}
        {problems.error && !problems.data && <ErrorState size="small" error={problems.error} retry={() => void problems.refetch()} />}
        {problems.data && <Problems lines={problems.data.items} open={search.problem ?? null} onOpen={(line) => set({ problem: line.problem_id })} />}
      </Section>
      {open && <ProblemDrawer plan={plan} line={open} onClose={() => set({ problem: undefined })} />}
    </div>
  );
}

function Filters({ plan, search, set }: ViolationsTabProps) {
  const { t } = useTranslation("plans");
  const sources = useSourceNames();
  const names = [...new Set([...(plan.in_force_body ?? plan.draft).events.map((each) => each.name), ...(search.name ? [search.name] : [])])];
  return (
    <div className={css.filters}>
      <SegmentedControl size="xs" aria-label={t("violations.span")} data={SPANS.map((each) => ({ value: each, label: t(`span.${each}`) }))} value={search.span ?? "24h"} onChange={(value) => set({ span: value === "24h" ? undefined : (value as Span) })} />
      <Select size="xs" clearable searchable aria-label={t("violations.event")} placeholder={t("violations.every_event")} data={names} value={search.name ?? null} onChange={(value) => set({ name: value ?? undefined })} />
      <Select size="xs" clearable searchable aria-label={t("violations.source")} placeholder={t("violations.every_source")} data={[...sources].map(([value, label]) => ({ value, label }))} value={search.source_id ?? null} onChange={(value) => set({ source_id: value ?? undefined })} />
    </div>
  );
}

function Picture({ seen, plan, choose }: { seen: Violations; plan: Plan; choose: (name: string) => void }) {
  const { t } = useTranslation("plans");
  const format = useFormat();
  const share = shareOf(seen.wrong, seen.judged);
  const finding = seen.judged === 0 && seen.wrong === 0 ? t("violations.silent") : seen.wrong === 0 ? t("violations.none", { count: seen.judged }) : t("violations.finding", { share: format.percent(share, 2), wrong: format.number(seen.wrong), count: seen.judged });
  const route = `/v1/plans/${plan.plan_id}/violations`;
  return (
    <>
      <p className={css.finding}>{finding}</p>
      <Figures>
        <Figure size="medium" label={t("figure.judged")} value={format.compact(seen.judged)} definition={t("figure.judged_means")} at={seen.until} query={route} />
        <Figure size="medium" label={t("figure.wrong")} value={format.compact(seen.wrong)} tone={seen.wrong > 0 ? "watch" : "plain"} definition={t("figure.wrong_means")} at={seen.until} query={route} />
        <Figure size="medium" label={t("figure.blocked")} value={format.compact(seen.blocked)} tone={seen.blocked > 0 ? "bad" : "plain"} definition={t("figure.blocked_means")} at={seen.until} query={route} behind={<Link to="/events" search={{ outcome: "rejected" }}>{t("figure.blocked_link")}</Link>} />
        <Figure size="medium" label={t("figure.kept")} value={format.percent(share, 2)} definition={t("figure.kept_means")} at={seen.until} query={route} />
      </Figures>
      {seen.wrong > 0 ? <Trend seen={seen} choose={choose} /> : <div className={css.calm}><IconChecks size={20} stroke={1.5} aria-hidden /> {t("violations.calm")}</div>}
    </>
  );
}

function Trend({ seen, choose }: { seen: Violations; choose: (name: string) => void }) {
  const { t } = useTranslation("plans");
  const format = useFormat();
  const scheme = useComputedColorScheme("light");
  const narrow = useMediaQuery("(max-width: 720px)") ?? false;
  const rows = useMemo(() => steps(seen), [seen]);
  const names = useMemo(() => mainNames(seen.events, NAMES_MAX), [seen.events]);
  const rest = seen.events.some((each) => each.wrong > 0 && !names.includes(each.name));
  const keys = rest ? [...names, ""] : names;
  const label = (key: string) => key || t("violations.others");
  const count = (row: (typeof rows)[number], key: string) => (key ? (row.events[key] ?? 0) : Object.entries(row.events).reduce((sum, [name, events]) => (names.includes(name) ? sum : sum + events), 0));
  const moment = (at: string | number) => (seen.step_s >= 7_200 ? format.dayOfYear(at) : format.clock(at));
  const option = useMemo(() => {
    const palette = paletteOf(scheme);
    return {
      grid: { left: 40, right: 12, top: narrow ? 56 : 36, bottom: 24 },
      legend: { top: 0, left: 0, type: "scroll" },
      tooltip: { trigger: "axis", axisPointer: { type: "shadow" } },
      xAxis: { type: "category", data: rows.map((row) => moment(row.at)), axisLabel: { hideOverlap: true } },
      yAxis: { type: "value", min: 0, minInterval: 1, splitNumber: 3, axisLabel: { formatter: (value: number) => format.compact(value) } },
      series: keys.map((key, place) => ({ id: key || "rest", name: label(key), type: "bar", stack: "events", barMaxWidth: 14, color: key ? palette.series[place % 8] : palette.faint, emphasis: { focus: "series" }, data: rows.map((row) => count(row, key)) })),
    };
  }, [scheme, rows, keys.join("|"), format, narrow]);
  const columns: TableColumn<(typeof rows)[number]>[] = [
    { key: "at", title: t("violations.time"), value: (row) => format.moment(row.at) },
    ...keys.map((key) => ({ key: key || "rest", title: label(key), align: "end" as const, value: (row: (typeof rows)[number]) => count(row, key) })),
  ];
  return (
    <div className={css.trend}>
      <p>{t("violations.trend")}</p>
      <Chart label={t("violations.trend")} option={option} height={220} columns={columns} rows={rows} rowKey={(row) => row.at} onClick={(point) => point.seriesName && names.includes(point.seriesName) && choose(point.seriesName)} />
    </div>
  );
}

function Problems({ lines, open, onOpen }: { lines: readonly ProblemLine[]; open: string | null; onOpen: (line: ProblemLine) => void }) {
  const { t } = useTranslation("plans");
  const format = useFormat();
  const columns: TableColumn<ProblemLine>[] = [
    { key: "pointer", title: t("column.field"), width: 150, value: (row) => row.pointer, cell: (row) => <code className={css.pointer}>{row.pointer || t("violations.whole")}</code> },
    { key: "kind", title: t("column.wrong"), width: 180, value: (row) => violationWords(t, row), cell: (row) => <span className={css.wrong}>{violationWords(t, row)}</span> },
    { key: "name", title: t("column.event"), width: 140, hideBelow: 720, value: (row) => row.name || t("violations.others") },
    { key: "series", title: t("column.trend"), width: 96, hideBelow: 960, sortable: false, value: (row) => row.series.join(" "), cell: (row) => <Sparkline values={row.series} width={84} colour="var(--watch)" /> },
    { key: "count", title: t("column.count"), width: 76, align: "end", value: (row) => row.count, cell: (row) => <>{format.number(row.count)}</> },
    { key: "last", title: t("column.last"), width: 110, hideBelow: 560, value: (row) => row.last_at, cell: (row) => <TimeAgo at={row.last_at} /> },
  ];
  return (
    <DataTable
      label={t("violations.by_field")} columns={columns} rows={lines} rowKey={(row) => row.problem_id} onOpen={onOpen} openKey={open} sort={{ key: "count", down: true }}
      empty={<EmptyState size="small" icon={<IconChecks size={20} stroke={1.5} />} title={t("violations.no_field")} text={t("violations.no_field_text")} />}
    />
  );
}
