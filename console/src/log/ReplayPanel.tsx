import { Button, MultiSelect, Progress, SegmentedControl, Select, TagsInput, TextInput } from "@mantine/core";
import { IconDownload, IconPlayerPause, IconPlayerPlay, IconRepeat, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { DataTable, Drawer, EmptyState, ErrorState, FormProblem, inWords, Section, type TableColumn, TableSkeleton, tell, tellProblem, useFormat } from "../shared";
import { post, type Replay } from "../shared/api";
import { sourcesQuery } from "../sources/sources";
import { isReplaying, replaysQuery } from "./queries";
import css from "./log.module.css";
import { fileAddress, type FileForm, FORMS, useSpanWords } from "./span";

const CHOICES = ["counts", "lake", "file"] as const;
type Into = (typeof CHOICES)[number];

const addressOf = (replay_id: string) => ({
  pause: `/v1/replays/${encodeURIComponent(replay_id)}/pause`,
  resume: `/v1/replays/${encodeURIComponent(replay_id)}/resume`,
  discard: `/v1/replays/${encodeURIComponent(replay_id)}/discard`,
});

/** Read a part of history once more: choose it, watch it, pause it, and see what came of it. */
export function ReplayPanel() {
  const { t } = useTranslation("log");
  const columns = useColumns();
  const { replay: opened } = useSearch({ from: "/shell/log" });
  const navigate = useNavigate();
  const { data, error, refetch } = useQuery(replaysQuery);
  if (error) return <ErrorState error={error} retry={() => void refetch()} />;
  if (!data) return <TableSkeleton rows={5} columns={4} />;
  const open = (replay?: string) => void navigate({ to: "/log", search: replay ? { tab: "replay", replay } : { tab: "replay" }, replace: true });
  const shown = data.items.find((each) => each.replay_id === opened);
  return (
    <div className={css.stack}>
      <p className={css.lead}>{t("replay.lead")}</p>
      {data.items.filter(isReplaying).map((each) => <Current key={each.replay_id} replay={each} />)}
      <Begin />
      <Section flush title={t("replay.history")}>
        <DataTable label={t("replay.history")} columns={columns} rows={data.items} rowKey={(each) => each.replay_id} onOpen={(each) => open(each.replay_id)} openKey={opened ?? null} empty={<EmptyState size="small" title={t("replay.none")} text={t("replay.none_text")} />} />
      </Section>
      {shown && <Result replay={shown} onClose={() => open()} />}
    </div>
  );
}

function useTold() {
  const client = useQueryClient();
  return () => Promise.all([client.invalidateQueries({ queryKey: ["log"] }), client.invalidateQueries({ queryKey: ["jobs"] })]);
}

function Begin() {
  const { t } = useTranslation("log");
  const told = useTold();
  const known = useQuery(sourcesQuery).data ?? [];
  const [into, setInto] = useState<Into>("counts");
  const [form, setForm] = useState<FileForm>("jsonl");
  const [since, setSince] = useState("");
  const [until, setUntil] = useState("");
  const [sources, setSources] = useState<string[]>([]);
  const [names, setNames] = useState<string[]>([]);
  const [customer, setCustomer] = useState("");
  const moment = (words: string) => (words ? new Date(words).toISOString() : null);
  const span = { since: moment(since), until: moment(until), sources, names, customer: customer.trim() || null };
  const begin = useMutation({
    mutationFn: () => post<Replay>("/v1/replays", { into, ...span }),
    onSuccess: async () => {
      tell(t("replay.begun"));
      await told();
    },
  });
  return (
    <Section title={t("replay.new")} hint={t("replay.new_hint")}>
      <form className={css.work} onSubmit={(event) => { event.preventDefault(); begin.mutate(); }}>
        <SegmentedControl className={css.choice} data={CHOICES.map((each) => ({ value: each, label: t(`replay.into.${each}`) }))} value={into} onChange={(value) => setInto(value as Into)} aria-label={t("replay.into.label")} />
        <p className={css.facts}>{t(`replay.into.${into}_text`)}</p>
        <div className={css.fields}>
          <TextInput type="datetime-local" label={t("replay.since")} value={since} onChange={(event) => setSince(event.currentTarget.value)} />
          <TextInput type="datetime-local" label={t("replay.until")} value={until} onChange={(event) => setUntil(event.currentTarget.value)} />
          <MultiSelect label={t("replay.sources")} placeholder={sources.length ? "" : t("replay.all_sources")} data={known.map((each) => ({ value: each.source_id, label: each.name }))} value={sources} onChange={setSources} clearable />
          <TagsInput label={t("replay.names")} placeholder={names.length ? "" : t("replay.all_names")} value={names} onChange={setNames} clearable />
          <TextInput label={t("replay.customer")} placeholder="user_id:ann" value={customer} onChange={(event) => setCustomer(event.currentTarget.value)} />
          {into === "file" && <Select label={t("replay.form")} data={FORMS.map((each) => ({ value: each, label: t(`replay.forms.${each}`) }))} value={form} onChange={(value) => setForm(value as FileForm)} allowDeselect={false} />}
        </div>
        <FormProblem error={begin.error} />
        <div className={css.buttons}>
          {into === "file" ? (
            <Button component="a" href={fileAddress(span, form)} download leftSection={<IconDownload size={16} stroke={1.5} />}>{t("replay.fetch")}</Button>
          ) : (
            <Button type="submit" leftSection={<IconRepeat size={16} stroke={1.5} />} loading={begin.isPending}>{t("replay.begin")}</Button>
          )}
        </div>
      </form>
    </Section>
  );
}

function Current({ replay }: { replay: Replay }) {
  const { t } = useTranslation("log");
  const format = useFormat();
  const told = useTold();
  const words = useSpanWords();
  const act = useMutation({
    mutationFn: (verb: "pause" | "resume" | "discard") => post<Replay>(addressOf(replay.replay_id)[verb]),
    onSuccess: async (_, verb) => {
      tell(t(`replay.${verb}_done`));
      await told();
    },
    onError: tellProblem,
  });
  const share = replay.total ? replay.done / replay.total : 0;
  const live = replay.state === "running" || replay.state === "waiting";
  return (
    <Section title={`${t(`replay.into.${replay.asked.into}`)} · ${words(replay.asked)}`} hint={t(`state.${replay.state}`)}>
      <div className={css.work}>
        <Progress value={100 * share} size="lg" animated={replay.state === "running"} aria-label={t("replay.progress")} />
        <p className={css.facts}>
          {t("rebuild.facts", { share: format.percent(share, 0), events: format.number(replay.read), pace: format.number(Math.round(replay.events_per_s)) })}
          {replay.seconds_left !== null && replay.seconds_left >= 1 && <> · {t("rebuild.left", { left: format.duration(replay.seconds_left * 1000) })}</>}
        </p>
        {replay.error && <p className={`${css.facts} ${css.bad}`}>{inWords(replay.error_said, replay.error)}</p>}
        <div className={css.buttons}>
          {live ? (
            <Button variant="default" leftSection={<IconPlayerPause size={16} stroke={1.5} />} loading={act.isPending} onClick={() => act.mutate("pause")}>{t("rebuild.pause")}</Button>
          ) : (
            <>
              <Button leftSection={<IconPlayerPlay size={16} stroke={1.5} />} loading={act.isPending && act.variables === "resume"} onClick={() => act.mutate("resume")}>{t("rebuild.resume")}</Button>
              <Button variant="default" color="red" leftSection={<IconTrash size={16} stroke={1.5} />} loading={act.isPending && act.variables === "discard"} onClick={() => act.mutate("discard")}>{t("replay.discard")}</Button>
            </>
          )}
        </div>
      </div>
    </Section>
  );
}

/** One sentence: how many belonged to the span, and what became of them. */
function useOutcome() {
  const { t } = useTranslation("log");
  const format = useFormat();
  return (replay: Replay): string => {
    if (replay.error) return inWords(replay.error_said, replay.error);
    if (replay.asked.into !== "profile") {
      const counted = t("replay.counted", { events: format.number(replay.events), read: format.number(replay.read) });
      return replay.asked.into === "lake" ? `${counted} ${t("replay.put_back", { count: replay.taken })}` : counted;
    }
    if (replay.state !== "done") return "";
    return replay.changed.length ? t("replay.changed", { what: replay.changed.join(", ") }) : t("replay.unchanged");
  };
}

function Result({ replay, onClose }: { replay: Replay; onClose: () => void }) {
  const { t } = useTranslation("log");
  const format = useFormat();
  const words = useSpanWords();
  const outcome = useOutcome();
  const known = useQuery(sourcesQuery).data ?? [];
  const nameOf = (source_id: string) => known.find((each) => each.source_id === source_id)?.name ?? (source_id === "regulars" ? t("replay.ours") : source_id);
  const columns: TableColumn<Replay["counts"][number]>[] = [
    { key: "name", title: t("column.name"), width: 200, value: (each) => each.name },
    { key: "source", title: t("column.source"), width: 150, value: (each) => nameOf(each.source_id) },
    { key: "events", title: t("column.events"), width: 110, align: "end", value: (each) => each.events, cell: (each) => <>{format.number(each.events)}</> },
  ];
  return (
    <Drawer title={t(`replay.into.${replay.asked.into}`)} subtitle={words(replay.asked)} onClose={onClose} width={560}>
      <div className={css.stack}>
        <p className={replay.error ? `${css.facts} ${css.bad}` : css.lead}>{outcome(replay) || t(`state.${replay.state}`)}</p>
        {replay.from_history > 0 && <p className={css.facts}>{t("replay.from_history", { count: replay.from_history })}</p>}
        {replay.counts.length > 0 && <DataTable label={t("replay.into.counts")} columns={columns} rows={replay.counts} rowKey={(each) => `${each.source_id} ${each.name}`} />}
      </div>
    </Drawer>
  );
}

function useColumns(): TableColumn<Replay>[] {
  const { t } = useTranslation("log");
  const format = useFormat();
  const words = useSpanWords();
  const outcome = useOutcome();
  return [
    { key: "at", title: t("column.begun"), width: 170, value: (each) => each.started_at, cell: (each) => <time dateTime={each.started_at}>{format.moment(each.started_at)}</time> },
    { key: "into", title: t("column.parts"), width: 170, hideBelow: 560, value: (each) => t(`replay.into.${each.asked.into}`) },
    { key: "state", title: t("column.state"), width: 120, value: (each) => t(`state.${each.state}`) },
    { key: "span", title: t("column.span"), width: 220, hideBelow: 720, value: (each) => words(each.asked) },
    { key: "outcome", title: t("column.outcome"), width: 320, hideBelow: 900, value: outcome },
  ];
}
