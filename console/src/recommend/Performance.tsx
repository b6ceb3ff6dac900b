import { SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ChartSkeleton, DataTable, EmptyState, ErrorState, Section, type TableColumn, useFormat } from "../shared";
import type { Performance as Line, Slot } from "../shared/api";
import css from "./Performance.module.css";
import { performanceQuery } from "./queries";
import { axisOf, apartFrom } from "./intervals";

const DAYS = [1, 7, 30] as const;

/** How often each strategy's slates were clicked, with how sure that is. */
export function Performance({ slot }: { slot: Slot }) {
  const { t } = useTranslation("recommend");
  const [days, setDays] = useState<number>(7);
  const performance = useQuery({ ...performanceQuery(slot.name, days), refetchInterval: 30_000 });
  return (
    <Section
      title={t("performance.title")}
      hint={t("performance.hint")}
      tools={<SegmentedControl size="xs" aria-label={t("performance.days")} data={DAYS.map((each) => ({ value: String(each), label: t("performance.last", { count: each }) }))} value={String(days)} onChange={(value) => setDays(Number(value))} />}
    >
      {performance.isPending && <ChartSkeleton height={140} />}
      {performance.error && !performance.data && <ErrorState size="small" error={performance.error} retry={() => void performance.refetch()} />}
      {performance.data?.length === 0 && <EmptyState size="small" title={t("performance.none")} text={t("performance.none_text")} />}
      {performance.data && performance.data.length > 0 && <Intervals lines={performance.data} served={slot.policy} />}
    </Section>
  );
}

function Intervals({ lines, served }: { lines: readonly Line[]; served: string }) {
  const { t } = useTranslation("recommend");
  const format = useFormat();
  const axis = axisOf(lines);
  const at = (share: number) => `${(share / axis.top) * 100}%`;
  const finding = apartFrom(lines, served);
  const columns: TableColumn<Line>[] = [
    { key: "policy", title: t("performance.policy"), width: 160, value: (row) => t(`policy.${row.policy}`) },
    { key: "ctr", title: t("performance.ctr"), width: 90, align: "end", value: (row) => row.ctr, cell: (row) => <>{format.percent(row.ctr, 2)}</> },
    { key: "interval", title: t("performance.interval"), width: 140, align: "end", sortable: false, value: (row) => `${row.low}–${row.high}`, cell: (row) => <>{format.percent(row.low, 2)}–{format.percent(row.high, 2)}</> },
    { key: "clicked", title: t("performance.clicked"), width: 90, align: "end", value: (row) => row.clicked },
    { key: "shown", title: t("performance.shown"), width: 90, align: "end", value: (row) => row.shown },
  ];
  return (
    <>
      {finding && <p className={css.finding}>{t(`performance.finding_${finding.kind}`, { served: t(`policy.${served}` as "policy.blend"), others: format.list(finding.others.map((each) => t(`policy.${each}` as "policy.blend"))) })}</p>}
      <div className={css.chart} aria-hidden>
        {axis.ticks.map((tick) => <span key={tick} className={css.tick} style={{ insetInlineStart: `calc(var(--names) + (100% - var(--names) - var(--end)) * ${tick / axis.top})` }}><i>{format.percent(tick, tick < 0.01 ? 2 : 1)}</i></span>)}
        {lines.map((line) => (
          <div key={line.policy} className={css.line} data-served={line.policy === served || undefined}>
            <span className={css.name}>{t(`policy.${line.policy}`)}</span>
            <span className={css.track}>
              <span className={css.band} style={{ insetInlineStart: at(line.low), width: at(line.high - line.low) }} />
              <span className={css.point} style={{ insetInlineStart: at(line.ctr) }} />
            </span>
            <span className={css.value}>{format.percent(line.ctr, 1)}</span>
          </div>
        ))}
      </div>
      <DataTable label={t("performance.title")} columns={columns} rows={lines} rowKey={(row) => row.policy} sort={{ key: "ctr", down: true }} />
    </>
  );
}
