import type { Source } from "../shared/api";

export type SourceState = "closed" | "waiting" | "receiving" | "quiet";
const DAY_MS = 86_400_000;

/** Does it take events, and do they come? */
export function sourceState(source: Pick<Source, "enabled" | "last_event_at">, now: number): SourceState {
  if (!source.enabled) return "closed";
  if (!source.last_event_at) return "waiting";
  return now - new Date(source.last_event_at).getTime() < DAY_MS ? "receiving" : "quiet";
}
