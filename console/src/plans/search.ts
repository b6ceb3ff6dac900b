/** What the address of a plan holds. Pure. */

export const TABS = ["violations", "fields", "versions"] as const;
export type PlanTab = (typeof TABS)[number];
export const SPANS = ["1h", "6h", "24h", "7d", "30d"] as const;
export type Span = (typeof SPANS)[number];

export interface PlanSearch {
  tab?: PlanTab | undefined;
  span?: Span | undefined;
  /** Only events of this name, and the event that is being edited. */
  name?: string | undefined;
  source_id?: string | undefined;
  /** The problem whose drawer is open. */
  problem?: string | undefined;
  /** The version that is being compared. */
  version?: number | undefined;
}

const text = (value: unknown): string | undefined => (typeof value === "string" && value.trim() ? value : typeof value === "number" ? String(value) : undefined);

export function planSearch(raw: Record<string, unknown>): PlanSearch {
  const version = Number(raw["version"]);
  const kept: PlanSearch = {
    tab: TABS.find((each) => each === raw["tab"]),
    span: SPANS.find((each) => each === raw["span"]),
    name: text(raw["name"]),
    source_id: text(raw["source_id"]),
    problem: text(raw["problem"]),
    version: Number.isInteger(version) && version > 0 ? version : undefined,
  };
  return Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined));
}
