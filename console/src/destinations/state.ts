import { inWords } from "../shared";
import type { Destination, DestinationFigures } from "../shared/api";

export type State = Destination["health"]["state"];
export const TONES: Record<State, "good" | "watch" | "bad" | "plain"> = { good: "good", waiting: "plain", failing: "bad", paused: "watch", closed: "watch" };

/** A span of the picture, empty ones too. */
export interface Bar {
  at: string;
  until: string;
  delivered: number;
  retried: number;
  dead: number;
  mean_ms: number | null;
  slowest_ms: number | null;
}

/** Every span between the ends, so that a quiet hour is seen as one. */
export function barsOf(figures: DestinationFigures): Bar[] {
  const step = figures.span_minutes * 60_000;
  const known = new Map(figures.spans.map((span) => [new Date(span.at).getTime(), span]));
  const bars: Bar[] = [];
  for (let at = new Date(figures.from_at).getTime(); at <= new Date(figures.to_at).getTime(); at += step) {
    const span = known.get(at);
    bars.push({
      at: new Date(at).toISOString(), until: new Date(at + step).toISOString(), delivered: span?.delivered ?? 0, retried: span?.retried ?? 0, dead: span?.dead ?? 0,
      mean_ms: span?.mean_ms ?? null, slowest_ms: span?.slowest_ms ?? null,
    });
  }
  return bars;
}

export interface Sums {
  delivered: number;
  retried: number;
  dead: number;
  mean_ms: number | null;
}

/** What a picture comes to, in four numbers; the mean is that of requests. */
export function sumsOf(figures: DestinationFigures): Sums {
  const sum = (value: (span: DestinationFigures["spans"][number]) => number) => figures.spans.reduce((total, span) => total + value(span), 0);
  const requests = sum((span) => span.requests);
  return {
    delivered: sum((span) => span.delivered), retried: sum((span) => span.retried), dead: sum((span) => span.dead),
    mean_ms: requests > 0 ? sum((span) => (span.mean_ms ?? 0) * span.requests) / requests : null,
  };
}

/** Why it is not sending, or what went wrong last; nothing while all is well. */
export function whyOf({ reason, said, health }: Destination): string {
  if (reason) return inWords(said, reason);
  return health.state === "failing" ? inWords(health.last_error_said, health.last_error) : "";
}

/** Whoever needs a person first: failing, paused and closed, then dead letters, then by name. */
export function byNeed(one: Destination, other: Destination): number {
  const rank = (each: Destination) => ({ failing: 0, paused: 1, closed: 2, waiting: 4, good: 4 })[each.health.state] - (each.health.dead_letters > 0 && ["waiting", "good"].includes(each.health.state) ? 1 : 0);
  return rank(one) - rank(other) || one.name.localeCompare(other.name);
}
