import { useTranslation } from "react-i18next";
import { isOwnKind, isPresetKey } from "./presets";
import type { FieldSchema } from "./schema";

const FIELDS = [
  "url_webhook", "url_parquet", "columns_parquet",
  "url", "headers", "template", "timeout_s", "options", "columns", "without_personal_data", "compression", "mode", "key", "phone_country", "file_name", "delimiter",
  "password", "private_key", "host_key", "add_url", "remove_url", "add_method", "remove_method", "add_body", "remove_body", "members_max",
] as const;
type Field = (typeof FIELDS)[number];
const isField = (name: string): name is Field => (FIELDS as readonly string[]).includes(name);

/** A setting's own words for one kind, or those it shares with others. */
function fieldOf(kind: string, name: string): Field | undefined {
  if (!isOwnKind(kind)) return undefined;
  return [`${name}_${kind}`, name].find(isField);
}

/** The words for what a package may have brought: ours are translated, others' are as they came. */
export function useWords() {
  const { t } = useTranslation("destinations");
  return {
    kind: (kind: string) => (isOwnKind(kind) ? t(`kind.${kind}`) : kind),
    preset: (key: string) => (isPresetKey(key) ? t(`preset.${key}`) : key),
    presetText: (key: string) => (isPresetKey(key) ? t(`preset_text.${key}`) : t("preset_text.other")),
    field: (kind: string, name: string, schema: FieldSchema) => {
      const known = fieldOf(kind, name);
      return known ? t(`field.${known}`) : (schema.title ?? name);
    },
    hint: (kind: string, name: string, schema: FieldSchema) => {
      const known = fieldOf(kind, name);
      return known ? t(`hint.${known}`) : schema.description;
    },
  };
}
