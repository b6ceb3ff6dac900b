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
