import { Button, MultiSelect, Progress } from "@mantine/core";
import { IconPlayerPause, IconPlayerPlay, IconRefresh, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { DataTable, EmptyState, ErrorState, inWords, Section, type TableColumn, TableSkeleton, tell, tellProblem, useFormat } from "../shared";
import { post, type Rebuild } from "../shared/api";
import { isUnfinished, partsQuery, rebuildsQuery } from "./queries";
import css from "./log.module.css";

const addressOf = (rebuild_id: string) => ({
  pause: `/v1/rebuilds/${encodeURIComponent(rebuild_id)}/pause`,
  resume: `/v1/rebuilds/${encodeURIComponent(rebuild_id)}/resume`,
  discard: `/v1/rebuilds/${encodeURIComponent(rebuild_id)}/discard`,
});

const STEPS = ["reading", "learning", "comparing", "taking the place of the old"] as const;
const WORDS = { reading: "reading", learning: "learning", comparing: "comparing", "taking the place of the old": "swapping" } as const;

/** Make what is known anew from the log: begin, pause, go on, throw away, and see what each did. */
export function RebuildPanel() {
  const { t } = useTranslation("log");
  const columns = useColumns();
  const { data, error, refetch } = useQuery(rebuildsQuery);
  if (error) return <ErrorState error={error} retry={() => void refetch()} />;
  if (!data) return <TableSkeleton rows={5} columns={4} />;
  const current = data.items.find(isUnfinished);
  return (
    <div className={css.stack}>
      <p className={css.lead}>{t("rebuild.lead")}</p>
      {current ? <Current rebuild={current} /> : <Begin />}
      <Section flush title={t("rebuild.history")}>
        <DataTable label={t("rebuild.history")} columns={columns} rows={data.items} rowKey={(each) => each.rebuild_id} empty={<EmptyState size="small" title={t("rebuild.none")} text={t("rebuild.none_text")} />} />
      </Section>
    </div>
  );
}

function useTold() {
  const client = useQueryClient();
  return () => Promise.all([client.invalidateQueries({ queryKey: ["log"] }), client.invalidateQueries({ queryKey: ["jobs"] })]);
}

function usePartName() {
  const { t, i18n } = useTranslation("log");
  return (part: string) => (i18n.exists(`log:part.${part}`) ? t(`part.${part}` as "part.profiles") : part);
}

function Begin() {
  const { t } = useTranslation("log");
  const told = useTold();
  const name = usePartName();
  const [parts, setParts] = useState<string[]>([]);
  const known = useQuery(partsQuery).data?.parts ?? [];
  const begin = useMutation({
    mutationFn: (check: boolean) => post<Rebuild>("/v1/rebuilds", { parts: parts.length ? parts : null, check }),
    onSuccess: async (_, check) => {
      tell(t(check ? "rebuild.checking" : "rebuild.begun"));
      await told();
    },
    onError: tellProblem,
  });
  return (
    <Section title={t("rebuild.new")} hint={t("rebuild.new_hint")}>
      <div className={css.work}>
        <MultiSelect label={t("rebuild.parts")} placeholder={parts.length ? "" : t("rebuild.everything")} data={known.filter((each) => each !== "worker").map((each) => ({ value: each, label: name(each) }))} value={parts} onChange={setParts} clearable maw={460} />
        <div className={css.buttons}>
          <Button variant="default" loading={begin.isPending && begin.variables} onClick={() => begin.mutate(true)}>{t("rebuild.check")}</Button>
          <Button leftSection={<IconRefresh size={16} stroke={1.5} />} loading={begin.isPending && !begin.variables} onClick={() => begin.mutate(false)}>{t("rebuild.begin")}</Button>
        </div>
      </div>
    </Section>
  );
}

function Current({ rebuild }: { rebuild: Rebuild }) {
  const { t } = useTranslation("log");
  const format = useFormat();
  const told = useTold();
  const name = usePartName();
  const act = useMutation({
    mutationFn: (verb: "pause" | "resume" | "discard") => post<Rebuild>(addressOf(rebuild.rebuild_id)[verb]),
    onSuccess: async (_, verb) => {
      tell(t(`rebuild.${verb}_done`));
      await told();
    },
    onError: tellProblem,
  });
  const share = rebuild.total ? rebuild.done / rebuild.total : 0;
  const running = rebuild.state === "running";
  const step = STEPS.find((each) => each === rebuild.step);
  const found = rebuild.report?.comparison;
  const different = found ? found.tables.filter((each) => each.before !== each.after) : [];
  return (
    <Section title={rebuild.whole ? t("rebuild.everything") : format.list(rebuild.parts.map(name))} hint={t(`state.${rebuild.state}`)}>
      <div className={css.work}>
        <Progress value={100 * share} size="lg" animated={running} aria-label={t("rebuild.progress")} />
        <p className={css.facts}>
          {t("rebuild.facts", { share: format.percent(share, 0), events: format.number(rebuild.events), pace: format.number(Math.round(rebuild.events_per_s)) })}
          {running && step && <> · {t(`step.${WORDS[step]}`)}</>}
          {rebuild.seconds_left !== null && rebuild.seconds_left >= 1 && <> · {t("rebuild.left", { left: format.duration(rebuild.seconds_left * 1000) })}</>}
        </p>
        {rebuild.error && <p className={`${css.facts} ${css.bad}`}>{inWords(rebuild.error_said, rebuild.error)}</p>}
        {found && (
          <div>
            <p className={css.facts}>{different.length + found.identifiers_moved + found.profiles.length === 0 ? t("rebuild.same") : t("rebuild.differs", { moved: format.number(found.identifiers_moved), profiles: format.number(found.profiles.length), sampled: format.number(found.profiles_sampled) })}</p>
            {different.length > 0 && <ul className={css.notes}>{different.map((each) => <li key={each.table}>{t("rebuild.rows", { table: each.table, before: format.number(each.before), after: format.number(each.after) })}</li>)}</ul>}
          </div>
        )}
        <div className={css.buttons}>
          {running || rebuild.state === "waiting" ? (
            <Button variant="default" leftSection={<IconPlayerPause size={16} stroke={1.5} />} loading={act.isPending} onClick={() => act.mutate("pause")}>{t("rebuild.pause")}</Button>
          ) : (
            <>
              <Button leftSection={<IconPlayerPlay size={16} stroke={1.5} />} loading={act.isPending && act.variables === "resume"} onClick={() => act.mutate("resume")}>{t(found ? "rebuild.swap" : "rebuild.resume")}</Button>
              <Button variant="default" color="red" leftSection={<IconTrash size={16} stroke={1.5} />} loading={act.isPending && act.variables === "discard"} onClick={() => act.mutate("discard")}>{t("rebuild.discard")}</Button>
            </>
          )}
        </div>
      </div>
    </Section>
  );
}

function useColumns(): TableColumn<Rebuild>[] {
  const { t } = useTranslation("log");
  const format = useFormat();
  const name = usePartName();
  return [
    { key: "at", title: t("column.begun"), width: 170, value: (each) => each.started_at, cell: (each) => <time dateTime={each.started_at}>{format.moment(each.started_at)}</time> },
    { key: "parts", title: t("column.parts"), width: 200, value: (each) => (each.whole ? t("rebuild.everything") : format.list(each.parts.map(name))) },
    { key: "state", title: t("column.state"), width: 120, value: (each) => t(`state.${each.state}`) },
    { key: "events", title: t("column.events"), width: 110, hideBelow: 720, value: (each) => each.events, cell: (each) => <>{format.number(each.events)}</> },
    { key: "pace", title: t("column.pace"), width: 120, hideBelow: 900, value: (each) => each.events_per_s, cell: (each) => <>{t("rebuild.pace", { pace: format.number(Math.round(each.events_per_s)) })}</> },
    { key: "notes", title: t("column.notes"), width: 280, hideBelow: 900, value: (each) => (each.error ? inWords(each.error_said, each.error) : undefined) ?? each.report?.notes.join(" ") ?? "" },
  ];
}
