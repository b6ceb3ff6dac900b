import { IconDatabase } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { DataTable, EmptyState, ErrorState, Section, type TableColumn, TableSkeleton, useFormat } from "../shared";
import type { LogOverview } from "../shared/api";
import { logQuery } from "./queries";
import css from "./log.module.css";

type Consumer = LogOverview["consumers"][number];

/** How far back does the log go, how large is it, and has everybody read it? */
export function LogPanel() {
  const { t } = useTranslation("log");
  const format = useFormat();
  const columns = useReaderColumns();
  const { data: log, error, refetch } = useQuery(logQuery);
  if (error) return <ErrorState error={error} retry={() => void refetch()} />;
  if (!log) return <TableSkeleton rows={4} columns={3} />;
  if (!log.first_at) return <EmptyState icon={<IconDatabase size={22} stroke={1.5} />} title={t("log.empty")} text={t("log.empty_text")} />;
  const largest = Math.max(...log.partitions.map((each) => each.size_bytes), 1);
  const trimmed = log.partitions.some((each) => each.trimmed > 0);
  return (
    <div className={css.stack}>
      <p className={css.lead}>
        {t("log.lead", { count: log.records, from: format.day(log.first_at), size: format.bytes(log.size_bytes) })}{" "}
        {t(trimmed ? "log.trimmed" : "log.whole")}
      </p>
      <Section title={t("log.partitions")} hint={t("log.partitions_hint")}>
        <ul className={css.bars}>
          {log.partitions.map((each) => (
            <li key={each.partition}>
              <span>{each.partition}</span>
              <span className={css.track} aria-hidden><span style={{ width: `${(100 * each.size_bytes) / largest}%` }} /></span>
              <span className={css.size}>{t("log.partition", { count: each.records, size: format.bytes(each.size_bytes) })}</span>
            </li>
          ))}
        </ul>
      </Section>
      <Section flush title={t("log.readers")} hint={t("log.readers_hint")}>
        <DataTable label={t("log.readers")} columns={columns} rows={log.consumers} rowKey={(each) => each.consumer} />
      </Section>
    </div>
  );
}

function useReaderColumns(): TableColumn<Consumer>[] {
  const { t, i18n } = useTranslation("log");
  const format = useFormat();
  const name = (consumer: string) => (i18n.exists(`log:reader.${consumer}`) ? t(`reader.${consumer}` as "reader.street") : consumer);
  return [
    { key: "consumer", title: t("column.reader"), width: 170, value: (each) => name(each.consumer) },
    { key: "waiting", title: t("column.waiting"), width: 140, value: (each) => each.waiting, cell: (each) => <>{each.waiting === 0 ? t("log.has_read_all") : format.number(each.waiting)}</> },
    { key: "reached", title: t("column.reached"), width: 260, hideBelow: 720, value: (each) => Object.entries(each.reached).map(([partition, offset]) => `${partition} ${format.number(offset)}`).join(" · ") },
  ];
}
