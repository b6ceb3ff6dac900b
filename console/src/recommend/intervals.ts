/** The axis on which click rates stand, and what may be said about them. Pure. */

import type { Performance, Policy } from "../shared/api";

const STEPS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1];

/** From zero to the next round step above the highest bound, with at most five ticks. */
export function axisOf(lines: readonly Pick<Performance, "high">[]): { top: number; ticks: number[] } {
  const highest = Math.max(0.001, ...lines.map((line) => line.high));
  const step = STEPS.find((each) => highest / each <= 5) ?? 1;
  const count = Math.ceil(highest / step - 1e-9);
  return { top: count * step, ticks: Array.from({ length: count + 1 }, (_, at) => Number((at * step).toFixed(6))) };
}

export interface Finding {
  kind: "better" | "worse" | "unsure";
  others: Policy[];
}

/** Whom the served strategy beats, or who beats it: only where the intervals do not touch. */
export function apartFrom(lines: readonly Performance[], served: string): Finding | null {
  const mine = lines.find((line) => line.policy === served);
  const others = lines.filter((line) => line.policy !== served);
  if (!mine || others.length === 0) return null;
  const worse = others.filter((other) => other.low > mine.high);
  if (worse.length > 0) return { kind: "worse", others: worse.map((each) => each.policy) };
  const better = others.filter((other) => other.high < mine.low);
  if (better.length > 0) return { kind: "better", others: better.map((each) => each.policy) };
  return { kind: "unsure", others: others.map((each) => each.policy) };
}
