import { Button } from "@mantine/core";
import { IconDeviceFloppy } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { DataTable, EmptyState, ErrorState, Section, Snippet, type TableColumn, TableSkeleton, tell, tellProblem, useFormat } from "../shared";
import { type Backup, type BackupOverview, post } from "../shared/api";
import { backupsQuery, coverQuery } from "./queries";
import css from "./log.module.css";

const SET_UP = `[backup]\nurl = "/mnt/backups"\nevery_hours = 24\nkeep = 14`;

/** Could the shop be put back, as of when, and has anybody tried? */
export function BackupsPanel() {
  const { t } = useTranslation("log");
  const cover = useQuery(coverQuery);
  const backups = useQuery(backupsQuery);
  const columns = useColumns();
  const error = cover.error ?? backups.error;
  if (error) return <ErrorState error={error} retry={() => void Promise.all([cover.refetch(), backups.refetch()])} />;
  if (!cover.data || !backups.data) return <TableSkeleton rows={5} columns={4} />;
  return (
    <div className={css.stack}>
      <Cover cover={cover.data} />
      <Section flush title={t("backup.list")}>
        <DataTable label={t("backup.list")} columns={columns} rows={backups.data.items} rowKey={(each) => each.backup_id} empty={<EmptyState size="small" title={t("backup.none")} text={t("backup.none_text")} />} />
      </Section>
    </div>
  );
}

function useCoverWords(cover: BackupOverview): string {
  const { t } = useTranslation("log");
  const format = useFormat();
  const last = cover.last;
  if (!last) return t("backup.lead_none");
  if (last.problem) return t("backup.lead_damaged");
  const age = format.duration((cover.age_s ?? 0) * 1000);
  if (cover.is_late) return t("backup.lead_late", { age });
  return last.verified_at ? t("backup.lead_good", { age }) : t("backup.lead_unverified", { age });
}

function Cover({ cover }: { cover: BackupOverview }) {
  const { t } = useTranslation("log");
  const format = useFormat();
  const client = useQueryClient();
  const take = useMutation({
    mutationFn: () => post("/v1/backups", { verified: true }),
    onSuccess: async () => {
      tell(t("backup.begun"));
      await client.invalidateQueries({ queryKey: ["jobs"] });
    },
    onError: tellProblem,
  });
  return (
    <>
      <p className={css.lead}>{useCoverWords(cover)}</p>
      {cover.is_set ? (
        <Section title={t("backup.plan")} hint={cover.every_hours ? t("backup.every", { count: cover.every_hours, keep: format.number(cover.keep) }) : t("backup.by_hand")}>
          <div className={css.work}>
            {cover.last?.problem && <p className={`${css.facts} ${css.bad}`}>{cover.last.problem}</p>}
            {cover.next_at && <p className={css.facts}>{t("backup.next", { at: format.moment(cover.next_at) })}</p>}
            <div className={css.buttons}>
              <Button leftSection={<IconDeviceFloppy size={16} stroke={1.5} />} loading={take.isPending} onClick={() => take.mutate()}>{t("backup.now")}</Button>
            </div>
            <p className={css.facts}>{t("backup.secrets")}</p>
          </div>
        </Section>
      ) : (
        <Section title={t("backup.set_up")} hint={t("backup.set_up_text")}>
          <Snippet code={SET_UP} label={t("backup.set_up")} />
        </Section>
      )}
    </>
  );
}

function useColumns(): TableColumn<Backup>[] {
  const { t } = useTranslation("log");
  const format = useFormat();
  return [
    { key: "at", title: t("column.at"), width: 170, value: (each) => each.at, cell: (each) => <time dateTime={each.at}>{format.moment(each.at)}</time> },
    { key: "verified", title: t("column.verified"), width: 140, value: (each) => (each.problem ? t("backup.damaged") : each.verified_at ? t("backup.verified") : t("backup.unverified")) },
    { key: "size", title: t("column.size"), width: 110, value: (each) => each.size_bytes, cell: (each) => <>{format.bytes(each.size_bytes)}</> },
    { key: "new", title: t("column.new"), width: 110, hideBelow: 720, value: (each) => each.new_bytes, cell: (each) => <>{format.bytes(each.new_bytes)}</> },
    { key: "took", title: t("column.took"), width: 90, hideBelow: 720, value: (each) => each.seconds, cell: (each) => <>{format.duration(each.seconds * 1000)}</> },
    { key: "place", title: t("column.place"), width: 220, hideBelow: 900, value: (each) => each.place },
  ];
}
