import { Button, Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconArrowBackUp, IconSend, IconTrash } from "@tabler/icons-react";
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { differingPaths } from "../events/changes";
import { JsonView, parsed } from "../events/JsonView";
import { violationWords } from "../plans/words";
import { useReason } from "../reasons/ReasonName";
import { useMay } from "../session/session";
import { CopyText, Drawer, ErrorState, tell, tellProblem, TextSkeleton, TimeAgo, useFormat } from "../shared";
import type { LetterDetail, LetterPreview } from "../shared/api";
import { sourcesQuery } from "../sources/sources";
import { useFaultWords } from "./faults";
import { JsonEditor } from "./JsonEditor";
import css from "./LetterDrawer.module.css";
import { discardLetters, firstQuery, letterQuery, previewQuery, restoreLetters, retryLetter } from "./queries";
import { tellUndoable } from "./undo";

const TYPING_MS = 350;

/** One letter: what was sent, what is wrong with it, and what it becomes while it is mended. */
export function LetterDrawer({ letter_id, onClose }: { letter_id: number; onClose: () => void }) {
  const { t } = useTranslation("letters");
  const letter = useQuery(letterQuery(letter_id));
  return (
    <Drawer title={letter.data?.letter.name || t("one.title")} subtitle={letter.data ? <CopyText text={letter.data.letter.event_id} /> : undefined} onClose={onClose} width={1040}>
      {letter.isPending && <TextSkeleton lines={14} />}
      {letter.error && <ErrorState error={letter.error} retry={() => void letter.refetch()} />}
      {letter.data && <Detail detail={letter.data} onClose={onClose} />}
    </Drawer>
  );
}

/** JSON as it is best read; what is no JSON stays as it came. */
function spread(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function Detail({ detail, onClose }: { detail: LetterDetail; onClose: () => void }) {
  const { t } = useTranslation("letters");
  const format = useFormat();
  const reason = useReason();
  const words = useFaultWords();
  const client = useQueryClient();
  const may = useMay("marketer");
  const { letter } = detail;
  const original = spread(detail.text);
  const [text, setText] = useState(original);
  const [source_id, setSource] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [settled] = useDebouncedValue(text, TYPING_MS);
  const edited = text !== original;
  const mended = { ...(settled !== original ? { text: settled } : {}), ...(source_id ? { source_id } : {}) };
  const preview = useQuery({ ...previewQuery(letter.letter_id, mended), placeholderData: keepPreviousData });
  const waiting = settled !== text || preview.isFetching;
  const faults = preview.data?.faults ?? detail.faults;
  const canSend = may && letter.state === "open" && faults.length === 0 && !waiting && !preview.error;
  const fresh = () => void client.invalidateQueries({ queryKey: ["letters"] });
  const send = () => {
    setBusy(true);
    retryLetter(letter.letter_id, { ...(edited ? { text } : {}), ...(source_id ? { source_id } : {}) })
      .then(() => {
        tell(t("one.sent"));
        fresh();
        onClose();
      }, tellProblem)
      .finally(() => setBusy(false));
  };
  const discard = () => {
    discardLetters({ letter_ids: [letter.letter_id] }).then((change) => {
      fresh();
      onClose();
      tellUndoable(`discard-${change.change_id}`, t("discarded", { count: 1 }), t("undo"), () => void restoreLetters(change.change_id).then(fresh, tellProblem));
    }, tellProblem);
  };
  return (
    <div className={css.detail}>
      <div className={css.top}>
        <p className={css.why}><strong>{reason.title(letter.code)}</strong> {reason.sentence([letter.code], letter.reason)}</p>
        {reason.todo(letter.code) && <p className={css.todo}>{reason.todo(letter.code)}</p>}
        {letter.problem && <p className={css.problem}>{t("one.last_try", { problem: words.lastTry(letter) })}</p>}
        {letter.state !== "open" && <p className={css.state}>{t(`one.was_${letter.state}`)} {letter.changed_at && <TimeAgo at={letter.changed_at} />}</p>}
        {detail.is_covered && <p className={css.note}>{t("one.covered")}</p>}
        {!detail.whole && <p className={css.note}>{t("one.not_whole")}</p>}
        {!detail.is_text && <p className={css.note}>{t("one.not_text")}</p>}
      </div>
      <dl className={css.facts}>
        <dt>{t("column.received")}</dt><dd>{format.moment(letter.received_at)}</dd>
        <dt>{t("column.source")}</dt><dd>{letter.source_name || "–"}</dd>
        <dt>{t("column.who")}</dt><dd>{letter.user_id ?? letter.anonymous_id ?? "–"}</dd>
        <dt>{t("one.agent")}</dt><dd>{detail.user_agent || "–"}</dd>
      </dl>
      {letter.stopped_by === "dedupe" && <BothVersions detail={detail} />}
      <div className={css.sides}>
        <section className={css.side}>
          <h3>{detail.is_covered ? t("one.sent_title") : t("one.edit_title")}</h3>
          <JsonEditor label={t("one.edit_title")} value={text} onChange={setText} faults={faults} readOnly={!may || letter.state !== "open" || detail.is_covered} />
          {edited && <Button variant="subtle" size="compact-sm" leftSection={<IconArrowBackUp size={14} stroke={1.5} />} onClick={() => setText(original)}>{t("one.as_sent")}</Button>}
        </section>
        <section className={css.side}>
          <h3>{t("one.becomes")}</h3>
          {letter.source_id === "" && <SourceChoice value={source_id} onChange={setSource} />}
          {preview.error ? <ErrorState error={preview.error} size="small" retry={() => void preview.refetch()} /> : preview.data ? <Becomes preview={preview.data} waiting={waiting} /> : <TextSkeleton lines={8} />}
        </section>
      </div>
      {may && letter.state === "open" && (
        <div className={css.actions}>
          <Button variant="default" leftSection={<IconTrash size={16} stroke={1.5} />} onClick={discard}>{t("one.discard")}</Button>
          <Button leftSection={<IconSend size={16} stroke={1.5} />} disabled={!canSend} loading={busy} onClick={send}>{edited ? t("one.send_mended") : t("one.send")}</Button>
        </div>
      )}
    </div>
  );
}

function SourceChoice({ value, onChange }: { value: string | null; onChange: (value: string | null) => void }) {
  const { t } = useTranslation("letters");
  const sources = useQuery(sourcesQuery);
  return <Select label={t("one.whose")} placeholder={t("filter.source")} data={(sources.data ?? []).map((source) => ({ value: source.source_id, label: source.name }))} value={value} onChange={onChange} mb={10} />;
}

/** The events that would come of it, or that there would be none. */
function Becomes({ preview, waiting }: { preview: LetterPreview; waiting: boolean }) {
  const plans = useTranslation("plans").t;
  const { t } = useTranslation("letters");
  const format = useFormat();
  const reason = useReason();
  if (preview.faults.length > 0) return <p className={css.nothing}>{t("one.no_event", { count: preview.faults.length })}</p>;
  return (
    <div className={css.events} aria-busy={waiting}>
      {preview.events_total > preview.events.length && <p className={css.note}>{t("one.partly", { shown: preview.events.length, total: format.number(preview.events_total) })}</p>}
      {preview.verdict && preview.verdict.mode !== "block" && <p className={css.note}>{t("one.plan", { plan: preview.verdict.plan_name })} {preview.verdict.violations.map((one) => `${one.pointer ? `${one.pointer}: ` : ""}${violationWords(plans, one)}`).join(" · ")}</p>}
      {preview.events.map((event, at) => (
        <article key={at} className={css.event}>
          <p className={css.eventName}>{event.name}</p>
          <p className={css.eventFacts}>{event.user_id ?? event.anonymous_id ?? "–"} · {format.moment(event.occurred_at)}</p>
          {event.corrections.length > 0 && <p className={css.eventFacts}>{reason.sentence([...new Set(event.correction_codes)], event.corrections.join(" "))}</p>}
          <JsonView title={t(event.call === "identify" || event.call === "group" ? "one.traits" : "one.properties")} value={event.properties} />
        </article>
      ))}
    </div>
  );
}

/** A message id that was used twice: what came first beside what came later, the differences marked. */
function BothVersions({ detail }: { detail: LetterDetail }) {
  const { t } = useTranslation("letters");
  const format = useFormat();
  const first = useQuery(firstQuery(detail.letter.letter_id));
  if (first.isPending) return <TextSkeleton lines={6} />;
  if (first.error) return <ErrorState error={first.error} size="small" retry={() => void first.refetch()} />;
  const found = first.data.first;
  if (!found) return <p className={css.note}>{t("both.gone")}</p>;
  const [one, other] = [parsed(found.raw), parsed(detail.text)];
  const differing = differingPaths(one, other);
  return (
    <div className={css.sides}>
      <JsonView title={t("both.first")} hint={t("both.first_hint", { when: format.moment(found.live.received_at) })} value={one} text={found.raw} marked={differing} />
      <JsonView title={t("both.other")} hint={t("both.other_hint", { when: format.moment(detail.letter.received_at) })} value={other} text={detail.text} marked={differing} />
    </div>
  );
}
