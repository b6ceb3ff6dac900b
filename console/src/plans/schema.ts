/** A JSON Schema as a list of fields, and changes to it field by field. What a list cannot show (patterns, alternatives)
 * stays as it is. Pure. */

export type Schema = Record<string, unknown>;
export const FIELD_TYPES = ["string", "integer", "number", "boolean", "object", "array"] as const;
export type FieldType = (typeof FIELD_TYPES)[number];
export const FORMATS = ["date-time", "date", "email", "uri", "uuid"] as const;

export interface Field {
  /** From the top of the schema; `*` is every place of a list. */
  path: readonly string[];
  /** `any` where nothing is said, `mixed` where it may be several. */
  type: FieldType | "any" | "mixed";
  nullable: boolean;
  required: boolean;
  format: string;
  values: readonly string[];
  /** Says more than the list can show. */
  more: boolean;
}

const SHOWN = new Set(["type", "properties", "required", "items", "enum", "format", "description", "title", "$schema"]);
const isSchema = (value: unknown): value is Schema => typeof value === "object" && value !== null && !Array.isArray(value);
const list = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);

export const pointerOf = (path: readonly string[]): string => path.map((part) => `/${part.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

export function fieldsOf(schema: Schema, path: readonly string[] = []): Field[] {
  const required = new Set(list(schema["required"]));
  const properties = isSchema(schema["properties"]) ? schema["properties"] : {};
  const found: Field[] = [];
  for (const [name, inner] of Object.entries(properties)) {
    const here = [...path, name];
    const own = isSchema(inner) ? inner : {};
    found.push(fieldOf(own, here, required.has(name)));
    found.push(...under(own, here));
  }
  for (const name of required) if (typeof name === "string" && !(name in properties)) found.push(fieldOf({}, [...path, name], true));
  return found;
}

function under(own: Schema, here: readonly string[]): Field[] {
  const items = own["items"];
  return [...fieldsOf(own, here), ...(isSchema(items) ? fieldsOf(items, [...here, "*"]) : [])];
}

function fieldOf(own: Schema, path: readonly string[], required: boolean): Field {
  const types = (Array.isArray(own["type"]) ? own["type"] : own["type"] === undefined ? [] : [own["type"]]) as string[];
  const said = types.filter((each) => each !== "null");
  const values = list(own["enum"]).filter((each) => each !== null);
  return {
    path,
    type: said.length === 0 ? "any" : said.length > 1 ? "mixed" : (said[0] as FieldType), // draft 2020-12 knows no other types
    nullable: types.includes("null"),
    required,
    format: typeof own["format"] === "string" ? own["format"] : "",
    values: values.map((each) => (typeof each === "string" ? each : JSON.stringify(each))),
    more: Object.keys(own).some((key) => !SHOWN.has(key)) || said.length > 1,
  };
}

export interface FieldChange {
  type?: FieldType | "any";
  nullable?: boolean;
  required?: boolean;
  format?: string;
  values?: readonly string[];
}

/** The schema with one field changed; everything else, and every other rule of the field, stays. */
export function withField(schema: Schema, path: readonly string[], change: FieldChange): Schema {
  return at(schema, path.slice(0, -1), (parent) => {
    const name = path[path.length - 1] as string; // a field has a name
    const properties = isSchema(parent["properties"]) ? parent["properties"] : {};
    const before = isSchema(properties[name]) ? properties[name] : {};
    const required = list(parent["required"]).filter((each) => each !== name);
    const isRequired = change.required ?? list(parent["required"]).includes(name);
    const next: Schema = { ...parent, properties: { ...properties, [name]: changed(before, change) } };
    return tidy(next, "required", isRequired ? [...required, name] : required);
  });
}

export function withoutField(schema: Schema, path: readonly string[]): Schema {
  return at(schema, path.slice(0, -1), (parent) => {
    const name = path[path.length - 1] as string; // as above
    const properties = isSchema(parent["properties"]) ? parent["properties"] : {};
    const rest = Object.fromEntries(Object.entries(properties).filter(([each]) => each !== name));
    return tidy({ ...parent, properties: rest }, "required", list(parent["required"]).filter((each) => each !== name));
  });
}

function at(schema: Schema, path: readonly string[], change: (parent: Schema) => Schema): Schema {
  const [first, ...rest] = path;
  if (first === undefined) return change(schema);
  if (first === "*") return { ...schema, items: at(isSchema(schema["items"]) ? schema["items"] : {}, rest, change) };
  const properties = isSchema(schema["properties"]) ? schema["properties"] : {};
  const inner = isSchema(properties[first]) ? properties[first] : {};
  return { ...schema, properties: { ...properties, [first]: at(inner, rest, change) } };
}

function changed(before: Schema, change: FieldChange): Schema {
  let next: Schema = { ...before };
  const field = fieldOf(before, ["x"], false);
  if (change.type !== undefined || change.nullable !== undefined) {
    const said = change.type ?? field.type;
    const nullable = change.nullable ?? field.nullable;
    const types = said === "any" ? [] : said === "mixed" ? (before["type"] as string[]).filter((each) => each !== "null") : [said];
    next = tidy(next, "type", types.length === 0 ? undefined : nullable ? [...types, "null"] : types.length === 1 ? types[0] : types);
    if (Array.isArray(next["enum"])) next = tidy(next, "enum", withNull(next["enum"] as unknown[], nullable));
    if (change.type !== undefined && change.type !== "string") next = tidy(tidy(next, "format", undefined), "enum", undefined);
  }
  if (change.format !== undefined) next = tidy(next, "format", change.format || undefined);
  if (change.values !== undefined) next = tidy(next, "enum", change.values.length === 0 ? undefined : withNull([...change.values], field.nullable));
  return next;
}

const withNull = (values: unknown[], nullable: boolean): unknown[] => [...values.filter((each) => each !== null), ...(nullable ? [null] : [])];

function tidy(schema: Schema, key: string, value: unknown): Schema {
  const rest = Object.fromEntries(Object.entries(schema).filter(([each]) => each !== key));
  return value === undefined || (Array.isArray(value) && value.length === 0) ? rest : { ...rest, [key]: value };
}
