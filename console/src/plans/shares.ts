/** How much of what came kept to a plan, over time. Pure. */

export interface Step {
  at: string;
  /** How many events of each name went wrong. */
  events: Record<string, number>;
}

/** The share that kept to the plan; never 1 when something did not. */
export const shareOf = (wrong: number, judged: number): number => (judged === 0 ? 1 : wrong === 0 ? 1 : Math.min(1 - wrong / judged, 0.9999));

export const keyOf = ({ call, name }: { call: string; name: string }): string => (call === "track" || call === "" ? name : `${call}:${name}`);

interface Seen {
  since: string;
  until: string;
  step_s: number;
  series: readonly { at: string; call: string; name: string; events: number; blocked: number }[];
}

/** Every step of the span, those without a fault too. */
export function steps({ since, until, step_s, series }: Seen): Step[] {
  const [from, to] = [Date.parse(since), Date.parse(until)];
  const found: Step[] = [];
  for (let at = from; at < to; at += step_s * 1_000) found.push({ at: new Date(at).toISOString(), events: {} });
  for (const each of series) {
    const step = found[Math.floor((Date.parse(each.at) - from) / (step_s * 1_000))];
    if (step) step.events[each.name] = (step.events[each.name] ?? 0) + each.events;
  }
  return found;
}

/** The names that went wrong most; the others become one. */
export function mainNames(events: readonly { name: string; wrong: number }[], most: number): string[] {
  return events.filter((each) => each.wrong > 0).slice(0, most).map((each) => each.name);
}
