import { ActionIcon, Button, Menu, Tabs } from "@mantine/core";
import { IconArrowLeft, IconDots, IconDownload, IconPlayerStop, IconRocket, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../session/session";
import { ConfirmTyped, Drawer, ErrorState, Page, TableSkeleton, tell, tellProblem, useFormat } from "../shared";
import { get, type Plan, type PlanFile, post, remove } from "../shared/api";
import { saveFile } from "../shared/table";
import { FieldsTab } from "./FieldsTab";
import css from "./PlanPage.module.css";
import { PublishDrawer } from "./PublishDrawer";
import { planPath, planQuery, plansQuery } from "./queries";
import type { PlanSearch, PlanTab } from "./search";
import { VersionsTab } from "./VersionsTab";
import { ViolationsTab } from "./ViolationsTab";

const ICON = { size: 16, stroke: 1.5 } as const;

export function PlanPage() {
  const { planId } = useParams({ from: "/shell/plans/$planId" });
  const { t } = useTranslation("plans");
  const plan = useQuery(planQuery(planId));
  if (plan.isPending) return <Page title={t("title")}><TableSkeleton rows={8} /></Page>;
  if (!plan.data) return <Page title={t("title")}><ErrorState error={plan.error} retry={() => void plan.refetch()} /></Page>;
  return <Opened key={planId} plan={plan.data} />;
}

function Opened({ plan }: { plan: Plan }) {
  const { t } = useTranslation("plans");
  const search = useSearch({ from: "/shell/plans/$planId" });
  const navigate = useNavigate({ from: "/plans/$planId" });
  const may = useMay("marketer");
  const [publishing, setPublishing] = useState(false);
  const [unsaved, setUnsaved] = useState(false);
  const differs = plan.in_force === null || plan.changes.length > 0;
  const set = (change: Partial<PlanSearch>) => void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  const tab: PlanTab = search.tab ?? (plan.in_force === null ? "fields" : "violations");
  return (
    <Page
      title={plan.name}
      question={t("plan.question")}
      tools={
        <>
          {may && differs && <Button leftSection={<IconRocket {...ICON} />} disabled={unsaved || plan.faults.length > 0} title={unsaved ? t("fields.save_first") : undefined} onClick={() => setPublishing(true)}>{t("publish.open")}</Button>}
          <PlanMenu plan={plan} />
        </>
      }
    >
      <p className={css.state}>
        <Link to="/plans" className={css.back}><IconArrowLeft size={14} stroke={1.5} /> {t("title")}</Link>
        <StateWords plan={plan} />
      </p>
      <Tabs value={tab} keepMounted={false} onChange={(value) => set({ tab: value as PlanTab, problem: undefined })}>
        <Tabs.List mb={16}>
          <Tabs.Tab value="violations">{t("tab.violations")}</Tabs.Tab>
          <Tabs.Tab value="fields">{t("tab.fields")}</Tabs.Tab>
          <Tabs.Tab value="versions">{t("tab.versions")}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="violations"><ViolationsTab plan={plan} search={search} set={set} /></Tabs.Panel>
        <Tabs.Panel value="fields"><FieldsTab key={plan.draft_number} plan={plan} name={search.name} choose={(name) => set({ name })} onDirty={setUnsaved} /></Tabs.Panel>
        <Tabs.Panel value="versions"><VersionsTab plan={plan} version={search.version} open={(version) => set({ version })} /></Tabs.Panel>
      </Tabs>
      {publishing && <PublishDrawer plan={plan} onClose={() => setPublishing(false)} onPublished={() => set({ tab: "violations" })} />}
    </Page>
  );
}

function StateWords({ plan }: { plan: Plan }) {
  const { t } = useTranslation("plans");
  const format = useFormat();
  const [newest] = plan.versions;
  if (plan.in_force === null || !newest) return <span>{t("state.draft")}</span>;
  const words = { version: plan.in_force, since: format.moment(newest.from_at), by: newest.published_by || "–" };
  return <span>{plan.changes.length > 0 ? t("state.differs", { ...words, count: plan.changes.length }) : t("state.in_force", words)}</span>;
}

function PlanMenu({ plan }: { plan: Plan }) {
  const { t } = useTranslation("plans");
  const admin = useMay("admin");
  const client = useQueryClient();
  const navigate = useNavigate();
  const [removing, setRemoving] = useState(false);
  const again = () => client.invalidateQueries({ queryKey: ["plans"] });
  const stop = useMutation({ mutationFn: () => post<Plan>(`${planPath(plan.plan_id)}/stop`), onSuccess: () => { tell(t("menu.stopped", { name: plan.name })); void again(); }, onError: tellProblem });
  const drop = useMutation({
    mutationFn: () => remove(planPath(plan.plan_id)),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: plansQuery.queryKey });
      tell(t("menu.removed", { name: plan.name }));
      void navigate({ to: "/plans" });
    },
    onError: tellProblem,
  });
  const save = async () => saveFile(`${plan.name}.json`, JSON.stringify(await get<PlanFile>(`${planPath(plan.plan_id)}/export`), null, 1), "application/json");
  return (
    <>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target><ActionIcon variant="default" size={36} aria-label={t("menu.label")}><IconDots size={18} stroke={1.5} /></ActionIcon></Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconDownload {...ICON} />} onClick={() => void save().catch(tellProblem)}>{t("menu.export")}</Menu.Item>
          {admin && plan.in_force !== null && <Menu.Item leftSection={<IconPlayerStop {...ICON} />} onClick={() => stop.mutate()}>{t("menu.stop")}</Menu.Item>}
          {admin && <Menu.Item color="red" leftSection={<IconTrash {...ICON} />} onClick={() => setRemoving(true)}>{t("menu.remove")}</Menu.Item>}
        </Menu.Dropdown>
      </Menu>
      {removing && (
        <Drawer title={t("menu.remove")} onClose={() => setRemoving(false)}>
          <ConfirmTyped text={t("menu.remove_text")} word={plan.name} label={t("menu.remove_label", { name: plan.name })} button={t("menu.remove")} busy={drop.isPending} onConfirm={() => drop.mutate()} onCancel={() => setRemoving(false)} />
        </Drawer>
      )}
    </>
  );
}
