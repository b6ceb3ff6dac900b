/** Changes to a plan's draft. Pure. */

import type { PersonalField, PlanBody, PlanRule } from "../shared/api";
import { pointerOf, type Schema } from "./schema";
import { keyOf } from "./shares";

export type Personal = "none" | PersonalField["action"];

export const sectionOf = (rule: Pick<PlanRule, "call">): string => (rule.call === "identify" || rule.call === "group" ? "traits" : "properties");
export const placeOf = (rule: Pick<PlanRule, "call">, path: readonly string[]): string => `/${sectionOf(rule)}${pointerOf(path)}`;
export const kindFor = (pointer: string): PersonalField["kind"] => (/e-?mail/i.test(pointer) ? "email" : /phone|mobile/i.test(pointer) ? "phone" : "text");

export function markOf(body: PlanBody, pointer: string): Personal {
  return body.personal.find((each) => each.pointer === pointer)?.action ?? "none";
}

export function withMark(body: PlanBody, pointer: string, action: Personal): PlanBody {
  const before = body.personal.find((each) => each.pointer === pointer);
  const rest = body.personal.filter((each) => each.pointer !== pointer);
  return { ...body, personal: action === "none" ? rest : [...rest, { pointer, action, kind: before?.kind ?? kindFor(pointer) }] };
}

export function withRule(body: PlanBody, key: string, change: Partial<PlanRule>): PlanBody {
  return { ...body, events: body.events.map((rule) => (keyOf(rule) === key ? { ...rule, ...change } : rule)) };
}

export const withSchema = (body: PlanBody, key: string, schema: Schema): PlanBody => withRule(body, key, { schema: schema as PlanRule["schema"] });

export function withoutRule(body: PlanBody, key: string): PlanBody {
  return { ...body, events: body.events.filter((rule) => keyOf(rule) !== key) };
}

/** The body with one more event; the same when there is one of that name. */
export function withEvent(body: PlanBody, name: string): PlanBody {
  const rule: PlanRule = { call: "track", name, description: "", mode: null, schema: { type: "object" }, context: null };
  return body.events.some((each) => keyOf(each) === name) ? body : { ...body, events: [...body.events, rule] };
}
