import { Button, Menu } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconArrowLeft, IconDots, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ChartSkeleton, ErrorState, Page, Section, tellProblem, useFormat } from "../shared";
import { type HistoryImport, type HistoryLook, post, remove, type RowMapping } from "../shared/api";
import { Columns } from "./Columns";
import css from "./ImportPage.module.css";
import { Kept } from "./Kept";
import { PreviewPanel } from "./PreviewPanel";
import { importQuery, isBusy, type Layout, lookQuery } from "./queries";
import { ReportPanel } from "./ReportPanel";
import { missing } from "./roles";
import { RowPanel } from "./RowPanel";

const SETTLES_MS = 350;

/** One file: what its columns mean, what its rows become, a try, and the import itself. */
export function ImportPage({ import_id }: { import_id: string }) {
  const { t } = useTranslation("imports");
  const one = useQuery(importQuery(import_id));
  const [layout, setLayout] = useState<Partial<Layout>>({});
  const look = useQuery({ ...lookQuery(import_id, layout), enabled: one.data?.file_kept === true });
  return (
    <Page title={one.data?.name ?? t("title")} question={t("one_question")} tools={one.data && <Tools one={one.data} />}>
      <Link to="/imports" search={{}} className={css.back}><IconArrowLeft size={16} stroke={1.5} aria-hidden />{t("all")}</Link>
      {one.error && <ErrorState error={one.error} retry={() => void one.refetch()} />}
      {one.isPending && <Section><ChartSkeleton height={260} /></Section>}
      {one.data && !one.data.file_kept && (
        <>
          <p className={css.gone}>{t("gone")}</p>
          <ReportPanel one={one.data} />
        </>
      )}
      {one.data?.file_kept && look.error && <ErrorState error={look.error} retry={() => void look.refetch()} />}
      {one.data?.file_kept && look.isPending && <Section><ChartSkeleton height={260} /></Section>}
      {one.data?.file_kept && look.data && <Desk key={JSON.stringify(layout)} one={one.data} look={look.data} onLayout={setLayout} />}
    </Page>
  );
}

function Desk({ one, look, onLayout }: { one: HistoryImport; look: HistoryLook; onLayout: (layout: Partial<Layout>) => void }) {
  const { t } = useTranslation("imports");
  const client = useQueryClient();
  const [mapping, setMapping] = useState<RowMapping>(one.mapping ?? look.proposal.mapping);
  const [name, setName] = useState<string | null>(one.mapping_name);
  const [settled] = useDebouncedValue(mapping, SETTLES_MS);
  const lacks = missing(mapping);
  const change = (next: RowMapping) => setMapping(next);
  const begin = useMutation({
    mutationFn: (what: "check" | "run") => post<HistoryImport>(what === "check" ? `/v1/imports/${one.import_id}/check` : `/v1/imports/${one.import_id}/run`, { mapping, mapping_name: name }),
    onSuccess: (next) => {
      client.setQueryData(importQuery(one.import_id).queryKey, next);
      void client.invalidateQueries({ queryKey: importQuery(one.import_id).queryKey });
    },
    onError: tellProblem,
  });
  const busy = isBusy(one);
  const tried = one.report !== null && one.state !== "received" && JSON.stringify(one.mapping) === JSON.stringify(mapping);
  return (
    <>
      {one.same_as && <p className={css.same}>{t("same", { name: one.same_as })}</p>}
      <Kept mapping={mapping} name={name} look={look} onUse={(next, called) => { setMapping(next); setName(called); }} onNamed={setName} />
      <RowPanel mapping={mapping} look={look} onChange={change} onLayout={onLayout} />
      <Columns mapping={mapping} columns={look.columns} onChange={change} />
      {lacks.length === 0 ? (
        missing(settled).length === 0 && <PreviewPanel import_id={one.import_id} mapping={settled} />
      ) : (
        <Section title={t("preview.title")}>
          <ul className={css.lacks}>{lacks.map((each) => <li key={each}>{t(`missing.${each as "who"}`)}</li>)}</ul>
        </Section>
      )}
      {(one.report !== null || busy) && <ReportPanel one={one} />}
      <div className={css.bar}>
        <p className={css.say}>{busy ? t(one.state === "running" ? "bar.running" : "bar.checking") : tried ? t(one.state === "done" ? "bar.done" : "bar.tried") : t("bar.try_first")}</p>
        {busy ? (
          <Stop one={one} />
        ) : (
          <>
            <Button variant={tried ? "default" : "filled"} disabled={lacks.length > 0} loading={begin.isPending} onClick={() => begin.mutate("check")}>{t("bar.try")}</Button>
            <Button variant={tried ? "filled" : "default"} disabled={!tried || lacks.length > 0 || one.report?.taken === 0} loading={begin.isPending} onClick={() => begin.mutate("run")}>
              {one.state === "done" ? t("bar.again") : tried ? t("bar.take", { count: one.report?.taken ?? 0 }) : t("bar.take_in")}
            </Button>
          </>
        )}
      </div>
    </>
  );
}

function Stop({ one }: { one: HistoryImport }) {
  const { t } = useTranslation("imports");
  const client = useQueryClient();
  const stop = useMutation({
    mutationFn: () => post<HistoryImport>(`/v1/imports/${one.import_id}/cancel`),
    onSettled: () => void client.invalidateQueries({ queryKey: importQuery(one.import_id).queryKey }),
    onError: tellProblem,
  });
  return <Button variant="default" loading={stop.isPending} onClick={() => stop.mutate()}>{t("cancel")}</Button>;
}

function Tools({ one }: { one: HistoryImport }) {
  const { t } = useTranslation("imports");
  const format = useFormat();
  const navigate = useNavigate();
  const client = useQueryClient();
  const gone = useMutation({
    mutationFn: () => remove(`/v1/imports/${one.import_id}`),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["imports"], exact: true });
      void navigate({ to: "/imports", search: {} });
    },
    onError: tellProblem,
  });
  return (
    <>
      <span className={css.size}>{format.bytes(one.size_bytes)} · {t("kept_until", { day: format.day(one.kept_until) })}</span>
      <Menu>
        <Menu.Target><Button variant="subtle" color="gray" aria-label={t("more")}><IconDots size={18} stroke={1.5} /></Button></Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconTrash size={16} stroke={1.5} />} disabled={isBusy(one)} onClick={() => gone.mutate()}>{t("remove")}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  );
}
