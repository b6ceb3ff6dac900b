/** Attributes as text that a person can change, and back. Pure. */

import type { AttributeValue } from "../shared/api";

export interface AttributeLine {
  name: string;
  text: string;
  /** How the value was typed, so that 12 stays a number and "12" a text. */
  was: "text" | "number" | "boolean" | "list";
}

export function lineOf(name: string, value: AttributeValue): AttributeLine {
  if (Array.isArray(value)) return { name, text: value.join(", "), was: "list" };
  if (typeof value === "number") return { name, text: String(value), was: "number" };
  if (typeof value === "boolean") return { name, text: value ? "true" : "false", was: "boolean" };
  return { name, text: value, was: "text" };
}

/** The value a line stands for; null when it cannot be what it was. */
export function valueOf({ text, was }: AttributeLine): AttributeValue | null {
  const clean = text.trim();
  if (was === "list") return clean.split(/[,、，]/u).map((word) => word.trim()).filter(Boolean);
  if (was === "number") return clean !== "" && Number.isFinite(Number(clean)) ? Number(clean) : null;
  if (was === "boolean") return clean === "true" ? true : clean === "false" ? false : null;
  return clean;
}

/** The attributes of some lines; empty ones are left out, and names of those that cannot be kept are given back. */
export function attributesOf(lines: readonly AttributeLine[]): { attributes: Record<string, AttributeValue>; wrong: string[] } {
  const attributes: Record<string, AttributeValue> = {};
  const wrong: string[] = [];
  for (const line of lines) {
    const name = line.name.trim();
    if (!name || line.text.trim() === "") continue;
    const value = valueOf(line);
    if (value === null) wrong.push(name);
    else attributes[name] = value;
  }
  return { attributes, wrong };
}

/** Which form a file is in, by its name. */
export function formatOf(fileName: string): "csv" | "jsonl" | "parquet" | null {
  const end = fileName.toLowerCase().split(".").at(-1) ?? "";
  if (end === "csv" || end === "tsv" || end === "txt") return "csv";
  if (end === "jsonl" || end === "ndjson" || end === "json") return "jsonl";
  return end === "parquet" ? "parquet" : null;
}
