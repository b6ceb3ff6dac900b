import { ActionIcon, Button, Select, Switch, Textarea, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconPlus, IconSend, IconX } from "@tabler/icons-react";
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { differingPaths } from "../events/changes";
import { JsonView, parsed } from "../events/JsonView";
import { Drawer, ErrorState, tell, tellProblem, TextSkeleton, useFormat } from "../shared";
import type { LettersPreview } from "../shared/api";
import { useFaultWords } from "./faults";
import css from "./MendAll.module.css";
import { type Change, DEEDS, type Deed, isWhole, type Operation, operationOf, patchOf } from "./patch";
import { previewManyQuery, retryLetters } from "./queries";
import type { WantedLetters } from "./search";

const TYPING_MS = 400;
const EXAMPLE: Change = { deed: "copy", field: "", to: "" };

/** One change for everything the filters find, tried on five before it is done. */
export function MendAll({ wanted, onClose }: { wanted: WantedLetters; onClose: () => void }) {
  const { t } = useTranslation("letters");
  const format = useFormat();
  const client = useQueryClient();
  const [changes, setChanges] = useState<Change[]>([EXAMPLE]);
  const [byHand, setByHand] = useState(false);
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const patch = useMemo<Operation[] | null>(() => (byHand ? patchOf(text || "[]") : changes.filter(isWhole).map(operationOf)), [byHand, text, changes]);
  const [settled] = useDebouncedValue(patch, TYPING_MS);
  const preview = useQuery({ ...previewManyQuery(wanted, settled ?? []), enabled: settled !== null, placeholderData: keepPreviousData });
  const found = preview.data?.letters ?? 0;
  const set = (at: number, change: Partial<Change>) => setChanges((all) => all.map((each, place) => (place === at ? { ...each, ...change } : each)));
  const switchHand = (on: boolean) => {
    if (on) setText(JSON.stringify(changes.filter(isWhole).map(operationOf), null, 2));
    setByHand(on);
  };
  const send = () => {
    if (!patch) return;
    setBusy(true);
    retryLetters(wanted, patch)
      .then(() => {
        tell(t("mend.begun"));
        void client.invalidateQueries({ queryKey: ["jobs"] });
        onClose();
      }, tellProblem)
      .finally(() => setBusy(false));
  };
  return (
    <Drawer title={t("mend.title", { count: found, formatted: format.number(found) })} subtitle={t("mend.hint")} onClose={onClose} width={820}>
      <div className={css.parts}>
        <section className={css.changes}>
          {byHand ? (
            <Textarea label={t("mend.patch")} description={t("mend.patch_hint")} autosize minRows={6} maxRows={16} value={text} onChange={(event) => setText(event.currentTarget.value)} error={patch === null && t("mend.no_list")} classNames={{ input: css.mono ?? "" }} spellCheck={false} />
          ) : (
            <>
              {changes.map((change, at) => (
                <ChangeRow key={at} change={change} onChange={(part) => set(at, part)} onRemove={changes.length > 1 ? () => setChanges((all) => all.filter((_, place) => place !== at)) : undefined} />
              ))}
              <Button variant="subtle" size="compact-sm" leftSection={<IconPlus size={14} stroke={1.5} />} onClick={() => setChanges((all) => [...all, EXAMPLE])}>{t("mend.add")}</Button>
            </>
          )}
          <Switch label={t("mend.by_hand")} checked={byHand} onChange={(event) => switchHand(event.currentTarget.checked)} />
        </section>
        {preview.error ? <ErrorState error={preview.error} size="small" retry={() => void preview.refetch()} /> : preview.data ? <Samples preview={preview.data} waiting={preview.isFetching || settled !== patch} /> : <TextSkeleton lines={10} />}
        <div className={css.actions}>
          <Button variant="default" onClick={onClose}>{t("mend.cancel")}</Button>
          <Button leftSection={<IconSend size={16} stroke={1.5} />} loading={busy} disabled={patch === null || settled !== patch || preview.isFetching || Boolean(preview.error) || found === 0} onClick={send}>{t("mend.send", { count: found, formatted: format.number(found) })}</Button>
        </div>
      </div>
    </Drawer>
  );
}

function ChangeRow({ change, onChange, onRemove }: { change: Change; onChange: (part: Partial<Change>) => void; onRemove: (() => void) | undefined }) {
  const { t } = useTranslation("letters");
  return (
    <div className={css.change}>
      <Select aria-label={t("mend.deed")} allowDeselect={false} data={DEEDS.map((deed) => ({ value: deed, label: t(`deed.${deed}`) }))} value={change.deed} onChange={(value) => onChange({ deed: (value ?? "copy") as Deed })} />
      <TextInput aria-label={t("mend.field")} placeholder="properties.session_id" value={change.field} onChange={(event) => onChange({ field: event.currentTarget.value })} classNames={{ input: css.mono ?? "" }} spellCheck={false} />
      {change.deed === "drop" ? <span /> : <TextInput aria-label={change.deed === "set" ? t("mend.value") : t("mend.to")} leftSection={<span className={css.arrow} aria-hidden>{change.deed === "set" ? "=" : "→"}</span>} placeholder={change.deed === "set" ? '"track"' : "anonymousId"} value={change.to} onChange={(event) => onChange({ to: event.currentTarget.value })} classNames={{ input: css.mono ?? "" }} spellCheck={false} />}
      {onRemove ? <ActionIcon aria-label={t("mend.remove")} onClick={onRemove}><IconX size={16} stroke={1.5} /></ActionIcon> : <span />}
    </div>
  );
}

/** The newest five, before and after, and what each would become. */
function Samples({ preview, waiting }: { preview: LettersPreview; waiting: boolean }) {
  const { t } = useTranslation("letters");
  const words = useFaultWords();
  const [open, setOpen] = useState<number | null>(null);
  const good = preview.samples.filter((sample) => sample.preview.faults.length === 0).length;
  if (preview.samples.length === 0) return <p className={css.none}>{t("mend.nothing")}</p>;
  return (
    <section aria-busy={waiting} className={css.samples}>
      <p className={css.verdict} data-good={good === preview.samples.length || undefined}>{t("mend.of_samples", { count: good, total: preview.samples.length })}</p>
      <ul>
        {preview.samples.map((sample) => {
          const fault = sample.preview.faults[0];
          const event = sample.preview.events[0];
          const [before, after] = [parsed(sample.before), parsed(sample.after)];
          const marked = differingPaths(before, after);
          const isOpen = open === sample.letter.letter_id;
          return (
            <li key={sample.letter.letter_id} className={css.sample} data-good={!fault || undefined}>
              <button type="button" aria-expanded={isOpen} onClick={() => setOpen(isOpen ? null : sample.letter.letter_id)}>
                <span className={css.mark} aria-hidden>{fault ? "✕" : "✓"}</span>
                <span>{fault ? words.fault(fault) : t("mend.becomes", { name: event?.name ?? "", who: event?.user_id ?? event?.anonymous_id ?? "–" })}</span>
              </button>
              {isOpen && (
                <div className={css.sides}>
                  <JsonView title={t("mend.before")} value={before} text={sample.before} marked={marked} />
                  <JsonView title={t("mend.after")} value={after} text={sample.after} marked={marked} />
                </div>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
