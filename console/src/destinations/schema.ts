/** What a form is drawn from: the part of JSON Schema that settings use. */
export interface FieldSchema {
  type?: string;
  title?: string;
  description?: string;
  format?: string;
  enum?: readonly string[];
  default?: unknown;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  writeOnly?: boolean;
  items?: FieldSchema;
  additionalProperties?: FieldSchema | boolean;
}

export interface SettingsSchema {
  properties?: Record<string, FieldSchema>;
  required?: readonly string[];
}

export type Settings = Record<string, unknown>;
export type Widget = "text" | "secret" | "expression" | "key" | "choice" | "switch" | "number" | "list" | "pairs";

/** Which control a setting wants. */
export function widgetOf(name: string, field: FieldSchema): Widget {
  if (field.enum) return "choice";
  if (field.type === "boolean") return "switch";
  if (field.type === "integer" || field.type === "number") return "number";
  if (field.type === "array") return "list";
  if (field.type === "object") return "pairs";
  if (field.format === "jmespath") return "expression";
  if (field.writeOnly) return name === "private_key" ? "key" : "secret";
  return "text";
}

const isSftp = (settings: Settings) => String(settings["url"] ?? "").startsWith("sftp://");
const isStorage = (settings: Settings) => /^(?!sftp:|file:|memory:)[a-z0-9]+:\/\//.test(String(settings["url"] ?? ""));

/** Whether a setting means anything beside the others. */
export function matters(name: string, settings: Settings): boolean {
  if (["password", "private_key", "host_key"].includes(name)) return isSftp(settings);
  if (name === "options") return isStorage(settings);
  return true;
}

const FIRST = new Set(["url", "template", "columns", "key", "mode", "without_personal_data", "add_url", "remove_url", "add_body", "remove_body", "password", "private_key", "host_key", "options", "headers"]);

/** The settings of a kind in two groups: those a person looks at first, and the others. */
export function fieldsOf(schema: SettingsSchema, settings: Settings): { first: [string, FieldSchema][]; more: [string, FieldSchema][] } {
  const all = Object.entries(schema.properties ?? {}).filter(([name]) => matters(name, settings));
  const isFirst = (name: string) => FIRST.has(name) || (schema.required ?? []).includes(name);
  return { first: all.filter(([name]) => isFirst(name)), more: all.filter(([name]) => !isFirst(name)) };
}

/** Settings as they are sent: what is empty and may be is left out. */
export function trimmed(schema: SettingsSchema, settings: Settings): Settings {
  const required = schema.required ?? [];
  const isEmpty = (value: unknown) => value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(settings).filter(([name, value]) => required.includes(name) || (!isEmpty(value) && matters(name, settings))));
}
