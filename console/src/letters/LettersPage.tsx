import { Autocomplete, Button, CloseButton, Select, TextInput } from "@mantine/core";
import { useDebouncedCallback, useMediaQuery } from "@mantine/hooks";
import { IconFilter, IconMailOff, IconTool, IconTrash, IconUser } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { EventsTabs } from "../events/Tabs";
import { useReason } from "../reasons/ReasonName";
import { useMay } from "../session/session";
import { DataTable, EmptyState, ErrorState, Page, Section, type TableColumn, TableSkeleton, tellProblem, TimeAgo, useFormat } from "../shared";
import type { Letter, LetterGroup } from "../shared/api";
import { sourcesQuery } from "../sources/sources";
import { useFaultWords } from "./faults";
import { LetterDrawer } from "./LetterDrawer";
import css from "./LettersPage.module.css";
import { MendAll } from "./MendAll";
import { discardLetters, groupsQuery, lettersQuery, restoreLetters } from "./queries";
import { DAYS, type Days, type LettersSearch, STATES, type State, wantedOf } from "./search";
import { tellUndoable } from "./undo";

const TYPING_MS = 300;

export function LettersPage() {
  const { t } = useTranslation("letters");
  const search = useSearch({ from: "/shell/events/letters" });
  const navigate = useNavigate({ from: "/events/letters" });
  const may = useMay("marketer");
  const { state = "open" } = search;
  const groups = useQuery(groupsQuery(state));
  const wanted = useMemo(() => wantedOf(search, Date.now()), [search.state, search.stopped_by, search.source_id, search.code, search.name, search.customer, search.days]); // when it is typed, not at every look
  const set = (change: Partial<LettersSearch>) => void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  const clear = () => void navigate({ search: {}, replace: true });
  const total = (groups.data ?? []).reduce((sum, group) => sum + group.letters, 0);
  const filtered = Object.keys(wanted).length > 1;
  const tools = may && state === "open" && total > 0 && (
    <>
      <DiscardAll wanted={wanted} filtered={filtered} total={total} />
      <Button leftSection={<IconTool size={16} stroke={1.5} />} onClick={() => set({ mend: true })}>{t("mend.open")}</Button>
    </>
  );
  return (
    <Page title={t("title")} question={t("question")} tools={tools}>
      <EventsTabs now="letters" />
      <Kinds groups={groups.data} search={search} onChoose={set} />
      <Filters search={search} groups={groups.data ?? []} onChange={set} />
      <Section flush>
        <List wanted={wanted} open={search.letter} filtered={filtered} onOpen={(letter) => set({ letter: letter.letter_id })} onClear={clear} />
      </Section>
      {search.letter && <LetterDrawer key={search.letter} letter_id={search.letter} onClose={() => set({ letter: undefined })} />}
      {search.mend && may && <MendAll wanted={wanted} onClose={() => set({ mend: undefined })} />}
    </Page>
  );
}

/** How many of each kind, as bars that filter. */
function Kinds({ groups, search, onChoose }: { groups: LetterGroup[] | undefined; search: LettersSearch; onChoose: (change: Partial<LettersSearch>) => void }) {
  const { t } = useTranslation("letters");
  const format = useFormat();
  const reason = useReason();
  if (!groups) return <Section flush><TableSkeleton rows={3} columns={3} /></Section>;
  if (groups.length === 0) return null;
  const total = groups.reduce((sum, group) => sum + group.letters, 0);
  const most = groups[0]?.letters ?? 1;
  const shown = groups.slice(0, 6);
  const isOn = (group: LetterGroup) => search.code === group.code && (search.source_id ?? "") === group.source_id;
  return (
    <Section title={t(`waits.${search.state ?? "open"}`, { count: total, formatted: format.number(total) })} hint={groups.length > shown.length ? t("more_kinds", { count: groups.length - shown.length }) : undefined}>
      <ul className={css.kinds}>
        {shown.map((group) => (
          <li key={`${group.stopped_by}|${group.source_id}|${group.code}`}>
            <button type="button" className={css.kind} aria-pressed={isOn(group)} onClick={() => onChoose(isOn(group) ? { code: undefined, source_id: undefined } : { code: group.code, source_id: group.source_id || undefined })}>
              <span className={css.what}>{reason.title(group.code)}</span>
              <span className={css.from}>{group.source_name || t("nobody")}</span>
              <span className={css.bar} aria-hidden><span style={{ width: `${(100 * group.letters) / most}%` }} /></span>
              <span className={css.count}>{format.number(group.letters)}</span>
            </button>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Filters({ search, groups, onChange }: { search: LettersSearch; groups: readonly LetterGroup[]; onChange: (change: Partial<LettersSearch>) => void }) {
  const { t } = useTranslation("letters");
  const reason = useReason();
  const sources = useQuery(sourcesQuery);
  const codes = [...new Set([...groups.map((group) => group.code), ...(search.code ? [search.code] : [])])].map((code) => ({ value: code, label: reason.title(code) }));
  const stops = [...new Set(["door", "decode", "dedupe", "plan", ...groups.map((group) => group.stopped_by)])];
  const stopName = (stop: string) => (stop === "door" || stop === "decode" || stop === "dedupe" || stop === "plan" ? t(`stopped_by.${stop}`) : t("stopped_by.other", { part: stop }));
  return (
    <div className={css.filters} role="search" aria-label={t("filter.label")}>
      <Select aria-label={t("filter.state")} allowDeselect={false} data={STATES.map((state) => ({ value: state, label: t(`state.${state}`) }))} value={search.state ?? "open"} onChange={(value) => onChange({ state: value === "open" ? undefined : (value as State) })} />
      <Select aria-label={t("filter.code")} placeholder={t("filter.code")} clearable searchable data={codes} value={search.code ?? null} onChange={(value) => onChange({ code: value ?? undefined })} />
      <Select aria-label={t("filter.source")} placeholder={t("filter.source")} clearable data={(sources.data ?? []).map((source) => ({ value: source.source_id, label: source.name }))} value={search.source_id ?? null} onChange={(value) => onChange({ source_id: value ?? undefined })} />
      <Select aria-label={t("filter.stopped_by")} placeholder={t("filter.stopped_by")} clearable data={stops.map((stop) => ({ value: stop, label: stopName(stop) }))} value={search.stopped_by ?? null} onChange={(value) => onChange({ stopped_by: value ?? undefined })} />
      <Select aria-label={t("filter.days")} placeholder={t("filter.days")} clearable data={DAYS.map((days) => ({ value: days, label: t(`days.${days}`) }))} value={search.days ?? null} onChange={(value) => onChange({ days: (value as Days | null) ?? undefined })} />
      <Typed value={search.name} onChange={(name) => onChange({ name })}>
        {(value, type) => <Autocomplete aria-label={t("filter.name")} placeholder={t("filter.name")} leftSection={<IconFilter size={16} stroke={1.5} />} data={[]} value={value} onChange={type} rightSection={value && <CloseButton size="sm" aria-label={t("filter.clear")} onClick={() => type("")} />} />}
      </Typed>
      <Typed value={search.customer} onChange={(customer) => onChange({ customer })}>
        {(value, type) => <TextInput aria-label={t("filter.customer")} placeholder={t("filter.customer")} leftSection={<IconUser size={16} stroke={1.5} />} value={value} onChange={(event) => type(event.currentTarget.value)} rightSection={value && <CloseButton size="sm" aria-label={t("filter.clear")} onClick={() => type("")} />} />}
      </Typed>
    </div>
  );
}

interface TypedProps {
  value: string | undefined;
  onChange: (value: string | undefined) => void;
  children: (value: string, type: (value: string) => void) => React.ReactNode;
}

function Typed({ value, onChange, children }: TypedProps) {
  const [text, setText] = useState(value ?? "");
  const speak = useDebouncedCallback((next: string) => onChange(next.trim() || undefined), TYPING_MS);
  useEffect(() => setText(value ?? ""), [value]);
  return children(text, (next) => {
    setText(next);
    speak(next);
  });
}

interface ListProps {
  wanted: ReturnType<typeof wantedOf>;
  open: number | undefined;
  filtered: boolean;
  onOpen: (letter: Letter) => void;
  onClear: () => void;
}

function List({ wanted, open, filtered, onOpen, onClear }: ListProps) {
  const { t } = useTranslation("letters");
  const letters = useInfiniteQuery({ ...lettersQuery(wanted), refetchInterval: 15_000 });
  const rows = useMemo(() => letters.data?.pages.flatMap((page) => page.items) ?? [], [letters.data]);
  const columns = useColumns();
  if (letters.isPending) return <TableSkeleton rows={10} columns={5} />;
  if (letters.error && rows.length === 0) return <ErrorState error={letters.error} retry={() => void letters.refetch()} />;
  const plain = wanted.state === "open" && !filtered;
  return (
    <DataTable
      label={t("title")}
      columns={columns}
      rows={rows}
      rowKey={(letter) => String(letter.letter_id)}
      rowHeight={44}
      onOpen={onOpen}
      openKey={open ? String(open) : null}
      foot={
        <>
          <span>{t("rows", { count: rows.length })}</span>
          {letters.hasNextPage && <Button variant="subtle" size="compact-sm" loading={letters.isFetchingNextPage} onClick={() => void letters.fetchNextPage()}>{t("older")}</Button>}
        </>
      }
      empty={<EmptyState icon={<IconMailOff size={22} stroke={1.5} />} title={plain ? t("empty.title") : t("empty.filtered")} text={plain ? t("empty.text") : t("empty.filtered_text")} action={!plain && <Button variant="default" onClick={onClear}>{t("empty.clear")}</Button>} />}
    />
  );
}

function useColumns(): TableColumn<Letter>[] {
  const { t } = useTranslation("letters");
  const reason = useReason();
  const words = useFaultWords();
  const whyOf = (row: Letter) => (row.problem ? words.lastTry(row) : reason.sentence([row.code], row.reason));
  const narrow = useMediaQuery("(max-width: 560px)") ?? false;
  return useMemo<TableColumn<Letter>[]>(
    () => [
      { key: "received_at", title: t("column.received"), width: 92, hideBelow: 560, value: (row) => row.received_at, cell: (row) => <span className={css.time}><TimeAgo at={row.received_at} /></span> },
      { key: "name", title: t("column.name"), width: 120, value: (row) => row.name, cell: (row) => <span className={css.name}>{row.name || t("unnamed")}</span> },
      { key: "why", title: t("column.why"), width: narrow ? 190 : 250, value: whyOf, cell: (row) => <span className={css.why} title={whyOf(row)}><span>{reason.title(row.code)}</span><span data-problem={row.problem ? true : undefined}>{whyOf(row)}</span></span> },
      { key: "who", title: t("column.who"), width: 120, hideBelow: 820, value: (row) => row.user_id ?? row.anonymous_id },
      { key: "source", title: t("column.source"), width: 110, hideBelow: 960, value: (row) => row.source_name },
    ],
    [t, reason, narrow],
  );
}

/** Everything the filters find, closed at once, with the way back. */
function DiscardAll({ wanted, filtered, total }: { wanted: ReturnType<typeof wantedOf>; filtered: boolean; total: number }) {
  const { t } = useTranslation("letters");
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const fresh = () => void client.invalidateQueries({ queryKey: ["letters"] });
  const discard = () => {
    setBusy(true);
    discardLetters({ wanted })
      .then((change) => {
        fresh();
        tellUndoable(`discard-${change.change_id}`, t("discarded", { count: change.letters }), t("undo"), () => void restoreLetters(change.change_id).then(fresh, tellProblem));
      }, tellProblem)
      .finally(() => setBusy(false));
  };
  return <Button variant="default" loading={busy} leftSection={<IconTrash size={16} stroke={1.5} />} onClick={discard} disabled={total === 0}>{filtered ? t("discard_found") : t("discard_all")}</Button>;
}
