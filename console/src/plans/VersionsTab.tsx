import { Button } from "@mantine/core";
import { IconRestore } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useMay } from "../session/session";
import { DataTable, Drawer, EmptyState, ErrorState, Section, type TableColumn, tell, tellProblem, TextSkeleton, useFormat } from "../shared";
import { type Plan, type PlanVersion, post } from "../shared/api";
import { ChangeList } from "./ChangeList";
import { changesQuery, planPath, planQuery } from "./queries";
import css from "./VersionsTab.module.css";

/** What was in force when, by whom, and how does it differ from the draft? */
export function VersionsTab({ plan, version, open }: { plan: Plan; version: number | undefined; open: (version: number | undefined) => void }) {
  const { t } = useTranslation("plans");
  const format = useFormat();
  const columns: TableColumn<PlanVersion>[] = [
    { key: "number", title: t("column.version"), width: 80, value: (row) => row.number, cell: (row) => <>{row.number}{row.until_at === null && <span className={css.now}>{t("versions.now")}</span>}</> },
    { key: "note", title: t("column.note"), width: 220, value: (row) => row.note },
    { key: "by", title: t("column.by"), width: 120, hideBelow: 720, value: (row) => row.published_by },
    { key: "from", title: t("column.from"), width: 160, value: (row) => row.from_at, cell: (row) => <time dateTime={row.from_at}>{format.moment(row.from_at)}</time> },
    { key: "until", title: t("column.until"), width: 160, hideBelow: 720, value: (row) => row.until_at, cell: (row) => (row.until_at ? <time dateTime={row.until_at}>{format.moment(row.until_at)}</time> : <>–</>) },
  ];
  const chosen = plan.versions.find((each) => each.number === version);
  return (
    <Section flush>
      <DataTable label={t("tab.versions")} columns={columns} rows={plan.versions} rowKey={(row) => String(row.number)} onOpen={(row) => open(row.number)} openKey={version ? String(version) : null} empty={<EmptyState size="small" title={t("versions.none")} text={t("versions.none_text")} />} />
      {chosen && <VersionDrawer key={chosen.number} plan={plan} version={chosen} onClose={() => open(undefined)} />}
    </Section>
  );
}

function VersionDrawer({ plan, version, onClose }: { plan: Plan; version: PlanVersion; onClose: () => void }) {
  const { t } = useTranslation("plans");
  const format = useFormat();
  const may = useMay("marketer");
  const client = useQueryClient();
  const changes = useQuery(changesQuery(plan.plan_id, version.number));
  const restore = useMutation({
    mutationFn: () => post<Plan>(`${planPath(plan.plan_id)}/restore`, { number: version.number }),
    onSuccess: (restored) => {
      client.setQueryData(planQuery(plan.plan_id).queryKey, restored);
      void client.invalidateQueries({ queryKey: ["plans", "changes", plan.plan_id] });
      tell(t("versions.restored", { version: version.number }));
      onClose();
    },
    onError: tellProblem,
  });
  const same = changes.data?.length === 0;
  return (
    <Drawer title={t("card.version", { version: version.number })} subtitle={version.note || undefined} onClose={onClose}>
      <div className={css.stack}>
        <p className={css.facts}>{t("versions.facts", { by: version.published_by || "–", from: format.moment(version.from_at) })}</p>
        <h3 className={css.head}>{t("versions.to_draft")}</h3>
        {changes.isPending && <TextSkeleton lines={4} />}
        {changes.error && <ErrorState size="small" error={changes.error} retry={() => void changes.refetch()} />}
        {same && <p className={css.facts}>{t("versions.same")}</p>}
        {changes.data && <ChangeList changes={changes.data} />}
        {may && !same && <Button variant="default" leftSection={<IconRestore size={16} stroke={1.5} />} loading={restore.isPending} onClick={() => restore.mutate()}>{t("versions.restore")}</Button>}
      </div>
    </Drawer>
  );
}
