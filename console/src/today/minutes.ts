/** Events of the last hour as lines, one a source, per second. Pure. */

import type { Today } from "../shared/api";

export interface TrafficMinute {
  minute: string;
  /** Events per second by source id. */
  rates: Record<string, number>;
}

const HOUR_MS = 60 * 60_000;

/** The sixty whole minutes before now, oldest first, every source in every minute: a shop that opened a minute ago has a line
 * too, and the minute that is still running would look like a drop. */
export function minutesOf(series: Today["series"], at: string): TrafficMinute[] {
  const running = Math.floor(new Date(at).getTime() / 60_000) * 60_000;
  const byMinute = new Map<number, Record<string, number>>();
  const sources = new Set(series.map((point) => point.source_id));
  for (const point of series) {
    const minute = new Date(point.minute).getTime();
    if (minute >= running) continue;
    const rates = byMinute.get(minute) ?? {};
    rates[point.source_id] = (rates[point.source_id] ?? 0) + point.count / 60;
    byMinute.set(minute, rates);
  }
  if (byMinute.size === 0) return [];
  const minutes: TrafficMinute[] = [];
  for (let minute = running - HOUR_MS; minute < running; minute += 60_000) {
    const rates = Object.fromEntries([...sources].map((source) => [source, byMinute.get(minute)?.[source] ?? 0]));
    minutes.push({ minute: new Date(minute).toISOString(), rates });
  }
  return minutes;
}

/** The sources that make up most of the traffic by name; the small ones together under `rest`. */
export function mainSources(series: Today["series"], most: number): { main: string[]; rest: string[] } {
  const totals = new Map<string, number>();
  for (const point of series) totals.set(point.source_id, (totals.get(point.source_id) ?? 0) + point.count);
  const order = [...totals].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).map(([source]) => source);
  return { main: order.slice(0, most), rest: order.slice(most) };
}
