import { ActionIcon, Button, Checkbox, JsonInput, Select, SegmentedControl, TagsInput, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { PlanBody, PlanMode, PlanRule } from "../shared/api";
import { markOf, type Personal, placeOf, withMark, withoutRule, withRule, withSchema } from "./draft";
import css from "./EventEditor.module.css";
import { FIELD_TYPES, type Field, type FieldType, fieldsOf, FORMATS, pointerOf, type Schema, withField, withoutField } from "./schema";
import { keyOf } from "./shares";

const MARKS: readonly Personal[] = ["none", "keep", "hash", "drop"];

interface EventEditorProps {
  body: PlanBody;
  rule: PlanRule;
  change: (body: PlanBody) => void;
  may: boolean;
  gone: () => void;
}

/** What must one event look like? Its fields as rows; whatever a row cannot say, as JSON. */
export function EventEditor({ body, rule, change, may, gone }: EventEditorProps) {
  const { t } = useTranslation("plans");
  const [asJson, setAsJson] = useState(false);
  const key = keyOf(rule);
  const schema = (rule.schema ?? {}) as Schema;
  return (
    <div className={css.stack}>
      <div className={css.top}>
        <h2 className={css.title}>{rule.name}</h2>
        <SegmentedControl size="xs" aria-label={t("editor.view")} data={[{ value: "rows", label: t("editor.rows") }, { value: "json", label: "JSON" }]} value={asJson ? "json" : "rows"} onChange={(value) => setAsJson(value === "json")} />
      </div>
      <div className={css.about}>
        <TextInput label={t("editor.description")} disabled={!may} value={rule.description} maxLength={1000} onChange={(event) => change(withRule(body, key, { description: event.currentTarget.value }))} />
        <Select label={t("editor.mode")} disabled={!may} allowDeselect={false} data={[{ value: "", label: t("editor.mode_plan", { mode: t(`mode.${body.mode}`) }) }, ...(["observe", "warn", "block"] as const).map((each) => ({ value: each, label: t(`mode.${each}`) }))]} value={rule.mode ?? ""} onChange={(value) => change(withRule(body, key, { mode: (value || null) as PlanMode | null }))} />
      </div>
      {asJson ? <AsJson schema={schema} may={may} change={(next) => change(withSchema(body, key, next))} /> : <Rows body={body} rule={rule} schema={schema} may={may} change={change} />}
      {may && <Button className={css.remove} variant="subtle" color="red" size="compact-sm" leftSection={<IconTrash size={14} stroke={1.5} />} onClick={() => { change(withoutRule(body, key)); gone(); }}>{t("editor.remove_event")}</Button>}
    </div>
  );
}

function AsJson({ schema, may, change }: { schema: Schema; may: boolean; change: (schema: Schema) => void }) {
  const { t } = useTranslation("plans");
  const [text, setText] = useState(JSON.stringify(schema, null, 2));
  const [wrong, setWrong] = useState(false);
  const write = (next: string) => {
    setText(next);
    try {
      const value: unknown = JSON.parse(next);
      setWrong(typeof value !== "object" || value === null || Array.isArray(value));
      if (typeof value === "object" && value !== null && !Array.isArray(value)) change(value as Schema);
    } catch {
      setWrong(true);
    }
  };
  return <JsonInput label={t("editor.schema")} description={t("editor.schema_hint")} readOnly={!may} autosize minRows={10} maxRows={30} spellCheck={false} value={text} onChange={write} error={wrong ? t("editor.no_json") : undefined} classNames={{ input: css.json as string }} />;
}

interface RowsProps {
  body: PlanBody;
  rule: PlanRule;
  schema: Schema;
  may: boolean;
  change: (body: PlanBody) => void;
}

function Rows({ body, rule, schema, may, change }: RowsProps) {
  const { t } = useTranslation("plans");
  const [typed, setTyped] = useState("");
  const key = keyOf(rule);
  const fields = fieldsOf(schema);
  const set = (next: Schema) => change(withSchema(body, key, next));
  const add = () => {
    const path = typed.trim().replace(/^\//, "").split("/").map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
    if (path.every(Boolean)) set(withField(schema, path, { type: "string" }));
    setTyped("");
  };
  return (
    <>
      <div className={css.rows}>
        {fields.length === 0 && <p className={css.none}>{t("editor.no_field")}</p>}
        {fields.map((field) => (
          <Row key={pointerOf(field.path)} field={field} may={may} mark={markOf(body, placeOf(rule, field.path))} set={(to) => set(withField(schema, field.path, to))} drop={() => set(withoutField(schema, field.path))} setMark={(mark) => change(withMark(body, placeOf(rule, field.path), mark))} />
        ))}
      </div>
      {may && (
        <form className={css.add} onSubmit={(event) => { event.preventDefault(); if (typed.trim()) add(); }}>
          <TextInput size="sm" aria-label={t("editor.new_field")} placeholder={t("editor.new_field")} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} />
          <Button type="submit" variant="default" size="sm" leftSection={<IconPlus size={16} stroke={1.5} />} disabled={!typed.trim()}>{t("editor.add_field")}</Button>
        </form>
      )}
    </>
  );
}

interface RowProps {
  field: Field;
  may: boolean;
  mark: Personal;
  set: (change: Parameters<typeof withField>[2]) => void;
  drop: () => void;
  setMark: (mark: Personal) => void;
}

function Row({ field, may, mark, set, drop, setMark }: RowProps) {
  const { t } = useTranslation("plans");
  const name = pointerOf(field.path);
  const types = [...FIELD_TYPES, "any" as const, ...(field.type === "mixed" ? ["mixed" as const] : [])];
  return (
    <div className={css.row} data-personal={mark !== "none" || undefined}>
      <div className={css.field} style={{ paddingInlineStart: (field.path.length - 1) * 12 }}>
        <code>{name}</code>
        {field.more && <span className={css.more} title={t("editor.more_hint")}>{t("editor.more")}</span>}
      </div>
      <Select size="xs" aria-label={t("editor.type", { field: name })} disabled={!may} allowDeselect={false} data={types.map((each) => ({ value: each, label: t(`field_type.${each}`) }))} value={field.type} onChange={(value) => value && value !== "mixed" && set({ type: value as FieldType | "any" })} />
      <Checkbox size="xs" disabled={!may} label={t("editor.required")} checked={field.required} onChange={(event) => set({ required: event.currentTarget.checked })} />
      <Checkbox size="xs" disabled={!may || field.type === "any"} label={t("editor.nullable")} checked={field.nullable} onChange={(event) => set({ nullable: event.currentTarget.checked })} />
      <Select size="xs" aria-label={t("editor.personal", { field: name })} disabled={!may} allowDeselect={false} data={MARKS.map((each) => ({ value: each, label: t(`personal.${each}`) }))} value={mark} onChange={(value) => value && setMark(value as Personal)} />
      {may ? <ActionIcon variant="subtle" size={28} aria-label={t("editor.remove_field", { field: name })} onClick={drop}><IconTrash size={14} stroke={1.5} /></ActionIcon> : <span />}
      {field.type === "string" && (
        <div className={css.text}>
          <Select size="xs" clearable aria-label={t("editor.format", { field: name })} placeholder={t("editor.any_format")} disabled={!may} data={[...new Set([...FORMATS, ...(field.format ? [field.format] : [])])]} value={field.format || null} onChange={(value) => set({ format: value ?? "" })} />
          <TagsInput size="xs" aria-label={t("editor.values", { field: name })} placeholder={field.values.length === 0 ? t("editor.any_value") : undefined} disabled={!may} value={[...field.values]} onChange={(values) => set({ values })} />
        </div>
      )}
    </div>
  );
}
