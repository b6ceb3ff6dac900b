/** Reasons over time as the picture needs them: every step there, also the empty ones. Pure. */

import type { Reasons } from "../shared/api";

export interface Step {
  at: number;
  counts: Record<string, number>;
}

/** The reasons with the most events, most first. */
export function mainReasons(series: Reasons["series"], most: number): string[] {
  const sums = new Map<string, number>();
  for (const { reason, events } of series) sums.set(reason, (sums.get(reason) ?? 0) + events);
  return [...sums].sort(([one, a], [other, b]) => b - a || one.localeCompare(other)).slice(0, most).map(([reason]) => reason);
}

/** Every step from the beginning until now, with what fell into it. */
export function stepsOf(series: Reasons["series"], since: string, step_s: number, now_ms: number): Step[] {
  const begin = new Date(since).getTime();
  const steps: Step[] = [];
  for (let at = begin; at <= now_ms; at += step_s * 1_000) steps.push({ at, counts: {} });
  for (const { at, reason, events } of series) {
    const step = steps[Math.floor((new Date(at).getTime() - begin) / (step_s * 1_000))];
    if (step) step.counts[reason] = (step.counts[reason] ?? 0) + events;
  }
  return steps;
}
