/** Where the event as we keep it differs from what was sent: paths such as `properties.rating`. Pure. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const isObject = (value: unknown): value is Record<string, Json> => typeof value === "object" && value !== null && !Array.isArray(value);

/** Paths of `kept` that `sent` has with another value. What was only added by us is not a change of what was sent. */
export function changedPaths(sent: unknown, kept: unknown, path = ""): Set<string> {
  const found = new Set<string>();
  if (!isObject(sent) || !isObject(kept)) return found;
  for (const [key, value] of Object.entries(kept)) {
    if (!(key in sent)) continue;
    const here = path ? `${path}.${key}` : key;
    const before = sent[key];
    if (isObject(before) && isObject(value)) for (const deeper of changedPaths(before, value, here)) found.add(deeper);
    else if (JSON.stringify(before) !== JSON.stringify(value)) found.add(here);
  }
  return found;
}

/** Paths of the lines at which two values differ, also where only one of them has anything. */
export function differingPaths(one: unknown, other: unknown): Set<string> {
  const [before, after] = [leavesOf(one), leavesOf(other)];
  return new Set([...before.keys(), ...after.keys()].filter((path) => before.get(path) !== after.get(path)));
}

function leavesOf(value: unknown): Map<string, string> {
  return new Map(linesOf(value).filter((line) => line.kind !== "bracket" || line.name !== null).map((line) => [line.path, line.kind === "bracket" ? "" : line.text.replace(/,$/, "")]));
}

export interface JsonLine {
  path: string;
  depth: number;
  text: string;
  kind: "text" | "number" | "word" | "bracket";
  name: string | null;
}

/** A value as indented lines, each with the path it stands at. */
export function linesOf(value: unknown, name: string | null = null, path = "", depth = 0, last = true): JsonLine[] {
  const comma = last ? "" : ",";
  const line = (text: string, kind: JsonLine["kind"], named = name): JsonLine => ({ path, depth, text, kind, name: named });
  const entries: [string | null, unknown, string][] | null = Array.isArray(value)
    ? value.map((each, at) => [null, each, `${path}[${at}]`])
    : isObject(value)
      ? Object.entries(value).map(([key, each]) => [key, each, path ? `${path}.${key}` : key])
      : null;
  if (!entries) {
    const kind = typeof value === "string" ? "text" : typeof value === "number" ? "number" : "word";
    return [line(`${JSON.stringify(value) ?? "null"}${comma}`, kind)];
  }
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  if (entries.length === 0) return [line(`${open}${close}${comma}`, "bracket")];
  const inside = entries.flatMap(([key, each, where], at) => linesOf(each, key, where, depth + 1, at === entries.length - 1));
  return [line(open, "bracket"), ...inside, line(`${close}${comma}`, "bracket", null)];
}
