import { Button } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../session/session";
import { DataTable, EmptyState, ErrorState, Section, type TableColumn, TableSkeleton, tell, tellProblem, TimeAgo, useFormat } from "../shared";
import { type Destination, post, type SyncRun } from "../shared/api";
import css from "./Lists.module.css";
import { More } from "./More";
import { ALL, syncsQuery } from "./queries";

/** Who came and who went, run by run. */
export function Runs({ destination }: { destination: Destination }) {
  const { t } = useTranslation("destinations");
  const may = useMay("marketer");
  const client = useQueryClient();
  const query = useInfiniteQuery(syncsQuery(destination.destination_id));
  const columns = useColumns();
  const now = useMutation({
    mutationFn: () => post<SyncRun>(`/v1/destinations/${destination.destination_id}/sync`),
    onSuccess: () => { tell(t("runs.asked")); void client.invalidateQueries(ALL); },
    onError: tellProblem,
  });
  const button = may && <Button variant="default" size="compact-sm" leftSection={<IconRefresh size={14} stroke={1.5} />} loading={now.isPending} onClick={() => now.mutate()}>{t("runs.now")}</Button>;
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Section flush>
      {rows.length > 0 && button && <div className={css.tools}>{button}</div>}
      {query.isPending && <TableSkeleton rows={5} />}
      {query.error && !query.data && <ErrorState size="small" error={query.error} retry={() => void query.refetch()} />}
      {query.data && (
        <DataTable
          label={t("tab.runs")} columns={columns} rows={rows} rowKey={(each) => String(each.run)}
          empty={<EmptyState size="small" icon={<IconRefresh size={22} stroke={1.5} />} title={t("runs.empty")} text={t("runs.empty_text")} action={button} />}
          foot={query.hasNextPage ? <More query={query} /> : undefined}
        />
      )}
    </Section>
  );
}

function useColumns(): TableColumn<SyncRun>[] {
  const { t } = useTranslation("destinations");
  const format = useFormat();
  return useMemo(() => {
    const took = (each: SyncRun) => (each.finished_at ? new Date(each.finished_at).getTime() - new Date(each.begun_at).getTime() : null);
    const count = (key: "members" | "added" | "changed" | "removed" | "left_out", hideBelow?: number): TableColumn<SyncRun> => ({
      key, title: t(`runs.${key}`), width: 90, align: "end", value: (each) => each[key], cell: (each) => format.number(each[key]), ...(hideBelow ? { hideBelow } : {}),
    });
    return [
      { key: "begun", title: t("runs.begun"), width: 130, value: (each) => each.begun_at, cell: (each) => <TimeAgo at={each.begun_at} /> },
      count("members"), count("added"), count("changed", 620), count("removed"), count("left_out", 1100),
      { key: "took", title: t("runs.took"), width: 100, align: "end", hideBelow: 620, value: took, cell: (each) => { const ms = took(each); return ms === null ? t("runs.under_way") : format.duration(ms); } },
      { key: "asked", title: "", width: 90, hideBelow: 900, sortable: false, value: (each) => (each.asked ? t("runs.by_hand") : null), cell: (each) => (each.asked ? <span className={css.none}>{t("runs.by_hand")}</span> : null) },
    ];
  }, [t, format]);
}
