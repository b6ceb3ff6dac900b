import { ActionIcon, Button, NumberInput, PasswordInput, Select, Switch, TagsInput, Textarea, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import css from "./SchemaForm.module.css";
import { type FieldSchema, type Settings, widgetOf } from "./schema";
import { useWords } from "./words";

const KEPT = "(set)"; // as the shop shows a secret that nobody may read again

interface FieldsProps {
  kind: string;
  fields: readonly [string, FieldSchema][];
  required: readonly string[];
  settings: Settings;
  onChange: (settings: Settings) => void;
}

/** Settings of any kind, ours or another package's: a control for each, drawn from its schema. */
export function SchemaFields({ kind, fields, required, settings, onChange }: FieldsProps) {
  const words = useWords();
  return (
    <>
      {fields.map(([name, field]) => (
        <Field
          key={name}
          name={name}
          field={field}
          label={words.field(kind, name, field)}
          hint={words.hint(kind, name, field)}
          required={required.includes(name)}
          value={settings[name] ?? field.default}
          onChange={(value) => onChange({ ...settings, [name]: value })}
        />
      ))}
    </>
  );
}

interface FieldProps {
  name: string;
  field: FieldSchema;
  label: string;
  hint: string | undefined;
  required: boolean;
  value: unknown;
  onChange: (value: unknown) => void;
}

const text = (value: unknown) => (typeof value === "string" ? value : "");
const texts = (value: unknown) => (Array.isArray(value) ? value.filter((each): each is string => typeof each === "string") : []);

function Field({ name, field, label, hint, required, value, onChange }: FieldProps) {
  const { t } = useTranslation("destinations");
  const shared = { label, description: hint, required };
  switch (widgetOf(name, field)) {
    case "choice":
      return <Select {...shared} data={[...(field.enum ?? [])]} value={text(value)} allowDeselect={false} onChange={(next) => onChange(next)} />;
    case "switch":
      return <Switch label={label} description={hint} checked={value === true} onChange={(event) => onChange(event.currentTarget.checked)} />;
    case "number":
      return <NumberInput {...shared} min={field.minimum ?? 0} {...(field.maximum ? { max: field.maximum } : {})} allowDecimal={field.type === "number"} value={typeof value === "number" ? value : ""} onChange={(next) => onChange(next === "" ? undefined : Number(next))} />;
    case "list":
      return <TagsInput {...shared} value={texts(value)} splitChars={[",", " "]} onChange={onChange} />;
    case "pairs":
      return <Pairs label={label} hint={hint} value={value} onChange={onChange} />;
    case "expression":
      return <Textarea {...shared} className={css.code ?? ""} autosize minRows={2} maxRows={8} value={text(value)} onChange={(event) => onChange(event.currentTarget.value)} spellCheck={false} />;
    case "key":
      return <Textarea {...shared} className={css.code ?? ""} autosize minRows={2} maxRows={6} value={text(value) === KEPT ? "" : text(value)} placeholder={text(value) === KEPT ? t("form.kept") : undefined} onChange={(event) => onChange(event.currentTarget.value || KEPT)} spellCheck={false} />;
    case "secret":
      return <Hidden {...shared} value={text(value)} onChange={onChange} />;
    case "text":
      return <TextInput {...shared} value={text(value)} {...(field.maxLength ? { maxLength: field.maxLength } : {})} onChange={(event) => onChange(event.currentTarget.value)} autoComplete="off" spellCheck={false} />;
  }
}

interface HiddenProps {
  label?: string;
  description?: string | undefined;
  required?: boolean;
  value: string;
  onChange: (value: string) => void;
}

/** A secret: what is set already stays as long as nobody types. */
function Hidden({ value, onChange, label, ...more }: HiddenProps) {
  const { t } = useTranslation("destinations");
  const [wasSet] = useState(value === KEPT);
  return (
    <PasswordInput
      {...more}
      {...(label ? { label } : { "aria-label": t("form.pair_value") })}
      value={value === KEPT ? "" : value}
      placeholder={wasSet ? t("form.kept") : undefined}
      onChange={(event) => onChange(event.currentTarget.value || (wasSet ? KEPT : ""))}
      autoComplete="new-password"
    />
  );
}

/** Names with secret values, such as headers. */
function Pairs({ label, hint, value, onChange }: { label: string; hint: string | undefined; value: unknown; onChange: (value: unknown) => void }) {
  const { t } = useTranslation("destinations");
  const [rows, setRows] = useState<[string, string][]>(() => Object.entries(value && typeof value === "object" ? value : {}).map(([name, each]) => [name, text(each)]));
  const change = (next: [string, string][]) => {
    setRows(next);
    onChange(Object.fromEntries(next.filter(([name]) => name.trim()).map(([name, each]) => [name.trim(), each])));
  };
  const put = (at: number, row: [string, string]) => change(rows.map((each, index) => (index === at ? row : each)));
  return (
    <div role="group" aria-label={label}>
      <p className={css.label}>{label}</p>
      {hint && <p className={css.hint}>{hint}</p>}
      <div className={css.pairs}>
        {rows.map(([name, each], at) => (
          <div key={at} className={css.pair}>
            <TextInput aria-label={t("form.pair_name")} placeholder={t("form.pair_name")} value={name} onChange={(event) => put(at, [event.currentTarget.value, each])} autoComplete="off" spellCheck={false} />
            <Hidden value={each} onChange={(next) => put(at, [name, next])} />
            <ActionIcon aria-label={t("form.pair_drop", { name })} onClick={() => change(rows.filter((_, index) => index !== at))}><IconX size={16} stroke={1.5} /></ActionIcon>
          </div>
        ))}
        <div><Button variant="subtle" size="compact-sm" leftSection={<IconPlus size={14} stroke={1.5} />} onClick={() => change([...rows, ["", ""]])}>{t("form.pair_add")}</Button></div>
      </div>
    </div>
  );
}
