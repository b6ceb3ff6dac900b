import type { HookPreview, HookRule } from "../shared/api";

export const NEW_RULE: HookRule = {
  call: "track", each: "", only: "", event: "", user_id: "", anonymous_id: "", email: "", phone: "", external_ids: {},
  group_id: "", time: "", message_id: "", spread: "", properties: {}, traits: {},
};

export type Fault = HookPreview["problems"][number];

/** The faults of one field, in the words of the shop: those of an expression that cannot be read, then what failed on this body. */
export function faultsOf(preview: HookPreview | undefined, rule: number, field: string): { reason: string; start: number | null; length: number | null }[] {
  const unreadable = (preview?.problems ?? []).filter((each) => each.rule === rule && each.field === field);
  if (unreadable.length > 0) return unreadable.map(({ reason, start, length }) => ({ reason, start, length }));
  const failed = (preview?.failures ?? []).filter((each) => each.at === `rules.${rule}.${field}`);
  return failed.slice(0, 1).map(({ reason }) => ({ reason: reason.replace(/^Rule \d+, [^:]+: /, ""), start: null, length: null }));
}

/** An expression cut where it is wrong: before, the wrong part, after. */
export function marked(expression: string, start: number, length: number): [string, string, string] {
  const from = Math.min(Math.max(0, start), expression.length);
  const to = Math.min(expression.length, from + Math.max(1, length));
  return [expression.slice(0, from), expression.slice(from, to), expression.slice(to)];
}

/** Named expressions in the order they were written, one renamed in its place. */
export function renamed(of: Record<string, string>, from: string, to: string): Record<string, string> {
  return Object.fromEntries(Object.entries(of).map(([name, expression]) => [name === from ? to : name, expression]));
}

/** JSON as a person reads it; what is none stays as it came. No number is read as one: an id of 18 digits keeps all of them. */
export function pretty(body: string): string {
  try {
    JSON.parse(body);
  } catch {
    return body;
  }
  const tokens = body.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? [];
  let depth = 0;
  let text = "";
  tokens.forEach((token, place) => {
    const closes = token === "}" || token === "]";
    const empty = closes && /[{[]/.test(tokens[place - 1] ?? "");
    if (closes) depth -= 1;
    if (closes && !empty) text += line(depth);
    text += token;
    if ((token === "{" || token === "[") && !/[}\]]/.test(tokens[place + 1] ?? "")) text += line(depth + 1);
    if (token === "{" || token === "[") depth += 1;
    if (token === ",") text += line(depth);
    if (token === ":") text += " ";
  });
  return text;
}

const line = (depth: number) => `\n${"  ".repeat(depth)}`;
