/**
 * How the page felt, in four numbers, as Google's Web Vitals define them: largest contentful paint, cumulative layout shift,
 * interaction to next paint, time to first byte. Told once, when the page is first hidden. What a browser cannot measure is left out.
 */

import type { Json } from "./message";

const GAP_MS = 1_000; // shifts further apart are different sessions,
const SESSION_MS = 5_000; // and none is longer; the worst session counts
const LONGEST_KEPT = 10; // one interaction of every fifty may be left out of account, the longest first

interface Entry extends PerformanceEntry {
  value: number;
  hadRecentInput: boolean;
  interactionId?: number;
}

/** Watch from now on, the past of this page included; the function returned tells what was seen. */
export function watch(): () => Json {
  const navigation = performance.getEntriesByType("navigation")[0] as (PerformanceNavigationTiming & { activationStart?: number }) | undefined;
  const begin = navigation?.activationStart ?? 0; // a page rendered ahead begins when it is shown
  const longest = new Map<number, number>();
  const interactions = new Set<number>();
  let [paint, shift, session, from, to] = [0, 0, 0, 0, 0];

  const observe = (type: string, see: (entry: Entry) => void): PerformanceObserver | null => {
    try {
      const observer = new PerformanceObserver((list) => (list.getEntries() as Entry[]).forEach(see));
      observer.observe({ type, buffered: true, durationThreshold: 40 } as PerformanceObserverInit);
      return PerformanceObserver.supportedEntryTypes.includes(type) ? observer : null;
    } catch {
      return null;
    }
  };
  const seePaint = (entry: Entry): void => void (paint = Math.max(entry.startTime - begin, 1));
  const seeShift = (entry: Entry): void => {
    if (entry.hadRecentInput) return;
    const together = session && entry.startTime - to < GAP_MS && entry.startTime - from < SESSION_MS;
    if (!together) from = entry.startTime;
    session = (together ? session : 0) + entry.value;
    to = entry.startTime;
    shift = Math.max(shift, session);
  };
  const seeInteraction = (entry: Entry): void => {
    if (!entry.interactionId) return;
    interactions.add(entry.interactionId);
    longest.set(entry.interactionId, Math.max(entry.duration, longest.get(entry.interactionId) ?? 0));
    if (longest.size > LONGEST_KEPT) longest.delete([...longest].reduce((least, each) => (each[1] < least[1] ? each : least))[0]);
  };
  const observers: [PerformanceObserver | null, (entry: Entry) => void][] = [
    [document.visibilityState === "hidden" ? null : observe("largest-contentful-paint", seePaint), seePaint],
    [observe("layout-shift", seeShift), seeShift],
    [observe("event", seeInteraction), seeInteraction],
  ];

  return () => {
    for (const [observer, see] of observers) {
      (observer?.takeRecords() as Entry[] | undefined)?.forEach(see);
      observer?.disconnect();
    }
    const found: Json = {};
    if (paint) found["lcp_ms"] = Math.round(paint);
    if (observers[1]?.[0]) found["cls"] = Math.round(shift * 10_000) / 10_000;
    const count = (performance as { interactionCount?: number }).interactionCount ?? interactions.size;
    const durations = [...longest.values()].sort((one, other) => other - one);
    const slow = durations[Math.min(durations.length - 1, Math.floor(count / 50))];
    if (slow) found["inp_ms"] = Math.round(slow);
    if (navigation && navigation.responseStart > 0) found["ttfb_ms"] = Math.round(Math.max(navigation.responseStart - begin, 0));
    return found;
  };
}
