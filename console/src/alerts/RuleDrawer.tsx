import { Button, NumberInput, SegmentedControl, Select } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { OUTCOMES } from "../events/search";
import { useReason } from "../reasons/ReasonName";
import reasons from "../reasons/locales/en.json";
import { Drawer, FormProblem, tellProblem, withUndo } from "../shared";
import type { AlertRule, AlertWords, Outcome } from "../shared/api";
import { sourcesQuery } from "../sources/sources";
import { addRule, changeRule, removeRule, rulesQuery } from "./queries";
import css from "./RuleDrawer.module.css";
import { useAlertWords } from "./words";

const NEW: AlertWords = { kind: "share", source_id: null, outcome: "rejected", reason: null, limit: 5, window_minutes: 15, is_on: true };
const KINDS = ["share", "count", "silence"] as const;

/** A rule, in the words of a sentence that reads itself back. */
export function RuleDrawer({ rule, onClose }: { rule: AlertRule | undefined; onClose: () => void }) {
  const { t } = useTranslation("alerts");
  const client = useQueryClient();
  const sentence = useAlertWords();
  const reason = useReason();
  const sources = useQuery(sourcesQuery);
  const [words, setWords] = useState<AlertWords>(rule?.rule ?? NEW);
  const [problem, setProblem] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const set = (change: Partial<AlertWords>) => setWords((before) => ({ ...before, ...change }));
  const name = sources.data?.find((source) => source.source_id === words.source_id)?.name ?? "";
  const codes = Object.keys(reasons.title).filter((code) => code !== "unknown").map((code) => ({ value: code, label: reason.title(code) }));
  const whole = words.kind !== "silence" || words.source_id !== null;
  const save = () => {
    setBusy(true);
    (rule ? changeRule(rule.rule_id, words) : addRule(words))
      .then(() => {
        void client.invalidateQueries({ queryKey: ["alerts"] });
        onClose();
      }, setProblem)
      .finally(() => setBusy(false));
  };
  const drop = (kept: AlertRule) => {
    onClose();
    withUndo({
      message: t("removed"),
      show: () => client.setQueryData(rulesQuery.queryKey, (all) => all?.filter((each) => each.rule_id !== kept.rule_id)),
      back: () => void client.invalidateQueries({ queryKey: rulesQuery.queryKey }),
      commit: () => removeRule(kept.rule_id).then(() => client.invalidateQueries({ queryKey: ["alerts"] })).catch(tellProblem),
    });
  };
  return (
    <Drawer title={rule ? t("edit") : t("new")} onClose={onClose} width={520}>
      <form className={css.form} onSubmit={(event) => { event.preventDefault(); save(); }}>
        <p className={css.sentence}>{sentence.rule(words, name)}</p>
        <SegmentedControl fullWidth data={KINDS.map((kind) => ({ value: kind, label: t(`kind.${kind}`) }))} value={words.kind} onChange={(kind) => set({ kind: kind as AlertWords["kind"] })} aria-label={t("kind.label")} />
        <Select label={t("field.source")} placeholder={t("everywhere")} clearable={words.kind !== "silence"} data={(sources.data ?? []).map((source) => ({ value: source.source_id, label: source.name }))} value={words.source_id} onChange={(source_id) => set({ source_id })} error={!whole && t("field.source_needed")} />
        {words.kind !== "silence" && (
          <>
            <Select label={t("field.outcome")} allowDeselect={false} data={OUTCOMES.map((outcome) => ({ value: outcome, label: t(`outcome.${outcome}`) }))} value={words.outcome} onChange={(outcome) => set({ outcome: (outcome ?? "rejected") as Outcome, reason: null })} />
            <Select label={t("field.reason")} placeholder={t("field.any_reason")} clearable searchable data={codes} value={words.reason} onChange={(code) => set({ reason: code })} />
            <NumberInput label={words.kind === "share" ? t("field.share") : t("field.count")} min={0} {...(words.kind === "share" ? { max: 100, decimalScale: 2, suffix: " %" } : { decimalScale: 0, thousandSeparator: "," })} value={words.limit} onChange={(limit) => set({ limit: Number(limit) || 0 })} />
          </>
        )}
        <NumberInput label={t("field.window")} min={1} max={1440} decimalScale={0} value={words.window_minutes} onChange={(minutes) => set({ window_minutes: Math.max(1, Math.min(1440, Math.round(Number(minutes) || 1))) })} />
        <FormProblem error={problem} />
        <div className={css.actions}>
          {rule && <Button variant="subtle" color="red" leftSection={<IconTrash size={16} stroke={1.5} />} onClick={() => drop(rule)}>{t("remove")}</Button>}
          <Button type="submit" loading={busy} disabled={!whole}>{t("save")}</Button>
        </div>
      </form>
    </Drawer>
  );
}
