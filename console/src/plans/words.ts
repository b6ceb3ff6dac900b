import type { TFunction } from "i18next";

/** A violation in the reader's language. The API says `expected` and `got` in English words of a fixed form. */
export interface Said {
  kind: string;
  expected: string;
  got: string;
}

const TYPES = { "a text": "text", "a number": "number", "a whole number": "whole", "true or false": "boolean", "an object": "object", "a list": "list", null: "null" } as const;
const KINDS = ["missing", "wrong_type", "not_allowed", "format", "pattern", "range", "length", "items", "unexpected", "no_alternative", "forbidden", "unknown_event", "not_judged", "other"] as const;
const LIMITS: readonly [RegExp, "min" | "max" | "more" | "less" | "multiple" | "min_characters" | "max_characters" | "min_entries" | "max_entries" | "min_fields" | "max_fields"][] = [
  [/^at least (\S+)$/, "min"], [/^at most (\S+)$/, "max"], [/^more than (\S+)$/, "more"], [/^less than (\S+)$/, "less"], [/^a multiple of (\S+)$/, "multiple"],
  [/^at least (\S+) characters$/, "min_characters"], [/^at most (\S+) characters$/, "max_characters"], [/^at least (\S+) entries$/, "min_entries"], [/^at most (\S+) entries$/, "max_entries"],
  [/^at least (\S+) fields$/, "min_fields"], [/^at most (\S+) fields$/, "max_fields"],
];

export function typeWords(t: TFunction<"plans">, english: string): string {
  const parts = english.split(" or ").reduce<string[]>((all, part) => (all[all.length - 1] === "true" && part === "false" ? [...all.slice(0, -1), "true or false"] : [...all, part]), []);
  return parts.map((part) => (part in TYPES ? t(`type.${TYPES[part as keyof typeof TYPES]}`) : part)).join(t("or"));
}

function limitWords(t: TFunction<"plans">, english: string): string {
  for (const [form, key] of LIMITS) {
    const found = form.exec(english);
    if (found) return t(`limit.${key}`, { n: found[1] });
  }
  if (english === "no entry twice") return t("limit.unique");
  if (english === "an entry of the promised kind") return t("limit.contains");
  return english;
}

export function violationWords(t: TFunction<"plans">, { kind, expected, got }: Said): string {
  const known = KINDS.find((each) => each === kind) ?? "other";
  const words = known === "wrong_type" ? typeWords(t, expected) : ["range", "length", "items"].includes(known) ? limitWords(t, expected) : expected;
  return t(`kind.${known}`, { expected: words, got: typeWords(t, got) });
}

/** One difference between two versions. The API says `before` and `after` in English words of a fixed form. */
export interface Change {
  kind: string;
  event: string;
  pointer: string;
  before: string;
  after: string;
  sentence: string;
}

const CHANGES = ["mode_changed", "unknown_changed", "sources_changed", "event_added", "event_removed", "field_added", "field_removed", "type_changed", "now_required", "now_optional", "values_changed", "format_changed", "rules_changed", "personal_changed"] as const;
const FIELD_TYPES = ["string", "integer", "number", "boolean", "object", "array"] as const;
const CALLED = /^(?:identify|page|screen|group|alias):(?=.)/;
const MUST = ", must be there";

function fieldTypeWords(t: TFunction<"plans">, english: string): string {
  const words = (one: string) => {
    const known = FIELD_TYPES.find((each) => each === one);
    return known ? t(`field_type.${known}`) : one === "anything" ? t("field_type.any") : one === "null" ? t("type.null") : one;
  };
  const types = (english.endsWith(MUST) ? english.slice(0, -MUST.length) : english).split(" or ").map(words).join(t("or"));
  return english.endsWith(MUST) ? `${types}, ${t("editor.required")}` : types;
}

function saidOf(t: TFunction<"plans">, kind: (typeof CHANGES)[number], said: string, nameOf: (source_id: string) => string): string {
  switch (kind) {
    case "mode_changed":
      return said === "observe" || said === "warn" || said === "block" ? t(`mode.${said}`) : t("change.plan_mode");
    case "unknown_changed":
      return said === "allow" || said === "warn" || said === "block" ? t(`unknown.${said}`) : said;
    case "sources_changed":
      return said === "all sources" ? t("sources.all") : said.split(", ").map(nameOf).join(", ");
    case "field_added":
    case "type_changed":
      return fieldTypeWords(t, said);
    case "values_changed":
      return said === "anything" ? t("editor.any_value") : said;
    case "format_changed":
      return said === "nothing" ? t("editor.any_format") : said;
    case "personal_changed": {
      const [, action, of] = /^(keep|hash|drop) \((.*)\)$/.exec(said) ?? [];
      return action ? `${t(`personal.${action as "keep" | "hash" | "drop"}`)}${of === "text" ? "" : ` (${of})`}` : t("personal.none");
    }
    default:
      return said;
  }
}

export function changeWords(t: TFunction<"plans">, change: Change, nameOf: (source_id: string) => string): string {
  const kind = CHANGES.find((each) => each === change.kind);
  if (!kind) return change.sentence;
  const [before, after] = [change.before, change.after].map((said) => saidOf(t, kind, said, nameOf));
  return t(`change.${kind}`, { subject: change.event.replace(CALLED, "") || t("change.plan"), pointer: change.pointer, before, after });
}
