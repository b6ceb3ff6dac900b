import { ActionIcon, Button, Select, TextInput } from "@mantine/core";
import { IconPlus, IconTrash, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { HookPreview, HookRule } from "../shared/api";
import css from "./RuleEditor.module.css";
import { faultsOf, marked, renamed } from "./rules";

const CALLS = ["track", "identify", "page", "group"] as const;
const MAIN = ["event", "only", "each"] as const;
const WHO = ["user_id", "email", "phone", "anonymous_id"] as const;
const REST = ["time", "message_id", "spread"] as const;
type Part = "external_ids" | "properties" | "traits";

export interface RuleEditorProps {
  number: number;
  rule: HookRule;
  preview: HookPreview | undefined;
  onChange: (rule: HookRule | null) => void;
}

/** One kind of event that a delivery may tell of; every field an expression, each fault at its place. */
export function RuleEditor({ number, rule, preview, onChange }: RuleEditorProps) {
  const { t } = useTranslation("hooks");
  const field = (name: (typeof MAIN)[number] | (typeof WHO)[number] | (typeof REST)[number] | "group_id") => (
    <Expression key={name} label={t(`field.${name}`)} hint={t(`hint.${name}`)} value={rule[name]} faults={faultsOf(preview, number, name)} onChange={(value) => onChange({ ...rule, [name]: value })} />
  );
  const named = (part: Part) => <Named part={part} number={number} rule={rule} preview={preview} onChange={onChange} />;
  return (
    <fieldset className={css.rule}>
      <legend className="visually-hidden">{t("bench.rule", { number: number + 1 })}</legend>
      <header className={css.head}>
        <strong>{t("bench.rule", { number: number + 1 })}</strong>
        <Select aria-label={t("field.call")} w={130} size="xs" allowDeselect={false} value={rule.call} data={CALLS.map((value) => ({ value, label: t(`call.${value}`) }))} onChange={(call) => call && onChange({ ...rule, call })} />
        <ActionIcon aria-label={t("bench.remove_rule", { number: number + 1 })} onClick={() => onChange(null)}><IconTrash size={16} stroke={1.5} /></ActionIcon>
      </header>
      {MAIN.filter((name) => name !== "event" || rule.call !== "identify").map(field)}
      {rule.call === "group" && field("group_id")}
      <p className={css.group}>{t("bench.who")}</p>
      {WHO.map(field)}
      {named("external_ids")}
      <p className={css.group}>{t("bench.what")}</p>
      {REST.map(field)}
      {rule.call !== "identify" && named("properties")}
      {named("traits")}
    </fieldset>
  );
}

function Named({ part, number, rule, preview, onChange }: RuleEditorProps & { part: Part }) {
  const { t } = useTranslation("hooks");
  const of = rule[part];
  const set = (next: Record<string, string>) => onChange({ ...rule, [part]: next });
  return (
    <div className={css.named}>
      <p className={css.label}>{t(`part.${part}`)}</p>
      {Object.entries(of).map(([name, expression], place) => (
        <div key={place} className={css.pair}>
          <TextInput aria-label={t("bench.name_of", { part: t(`part.${part}`) })} size="xs" value={name} onChange={(event) => set(renamed(of, name, event.currentTarget.value))} />
          <Expression label="" aria={name} value={expression} faults={faultsOf(preview, number, `${part}.${name}`)} onChange={(value) => set({ ...of, [name]: value })} />
          <ActionIcon aria-label={t("bench.remove_field", { name })} onClick={() => set(Object.fromEntries(Object.entries(of).filter(([each]) => each !== name)))}><IconX size={14} stroke={1.5} /></ActionIcon>
        </div>
      ))}
      <Button size="compact-xs" variant="subtle" leftSection={<IconPlus size={14} stroke={1.5} />} onClick={() => set({ ...of, [fresh(of, part === "external_ids" ? "card" : "name")]: "" })}>{t(`add.${part}`)}</Button>
    </div>
  );
}

function fresh(of: Record<string, string>, word: string): string {
  let name = word;
  for (let number = 2; name in of; number += 1) name = `${word}_${number}`;
  return name;
}

interface ExpressionProps {
  label: string;
  aria?: string;
  hint?: string;
  value: string;
  faults: ReturnType<typeof faultsOf>;
  onChange: (value: string) => void;
}

/** A line of JMESPath; what is wrong with it stands beneath, the wrong part underlined. */
function Expression({ label, aria, hint, value, faults, onChange }: ExpressionProps) {
  const fault = faults[0];
  return (
    <div className={css.expression} data-bare={label === "" || undefined}>
      {label && <span className={css.label}>{label}</span>}
      <div>
        <TextInput aria-label={aria ?? label} aria-invalid={fault !== undefined} size="xs" spellCheck={false} placeholder={hint ?? ""} classNames={{ input: css.code ?? "" }} error={fault !== undefined} value={value} onChange={(event) => onChange(event.currentTarget.value)} />
        {fault && (
          <p className={css.fault} role="alert">
            {fault.start !== null && value !== "" && <Marked value={value} start={fault.start} length={fault.length ?? 1} />}
            {fault.reason}
          </p>
        )}
      </div>
    </div>
  );
}

function Marked({ value, start, length }: { value: string; start: number; length: number }) {
  const [before, wrong, after] = marked(value, start, length);
  return <code className={css.marked}>{before}<mark>{wrong || " "}</mark>{after}</code>;
}
