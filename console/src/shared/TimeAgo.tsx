import { Tooltip } from "@mantine/core";
import { useSyncExternalStore } from "react";
import { type Moment, useFormat } from "./format";

let now = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** One clock for all "3 s ago" on the page, ticking only while somebody looks. */
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    listeners.forEach((each) => each());
  }, 1_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now, () => now);
}

/** "3 s ago"; the exact moment on hover. */
export function TimeAgo({ at }: { at: Moment }) {
  const format = useFormat();
  const tick = useNow();
  const moment = new Date(at);
  const bounded = Math.max(tick, moment.getTime()); // a clock a second behind must not say "in 1 s"
  return (
    <Tooltip label={format.moment(moment)}>
      <time dateTime={moment.toISOString()}>{format.ago(moment, bounded)}</time>
    </Tooltip>
  );
}
