/** What the address holds: which tab, how far back, which span of the picture, what is being made. */
export const RANGES = [1, 24, 168, 720] as const;
export type Range = (typeof RANGES)[number];
export const TABS = ["deliveries", "letters", "hours", "runs", "setup"] as const;
export type Tab = (typeof TABS)[number];
export const OUTCOMES = ["delivered", "retried", "dead"] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface DestinationsSearch {
  /** The preset that is being filled in; `new` before one is chosen. */
  make?: string;
}

export interface DestinationSearch {
  tab?: Tab;
  range?: Range;
  outcome?: Outcome;
  /** A span of the picture that was clicked. */
  from?: string;
  to?: string;
}

const oneOf = <T>(all: readonly T[], value: unknown): T | undefined => all.find((each) => each === value);

export function destinationsSearch(search: Record<string, unknown>): DestinationsSearch {
  return typeof search["make"] === "string" ? { make: search["make"] } : {};
}

export function destinationSearch(search: Record<string, unknown>): DestinationSearch {
  const tab = oneOf(TABS, search["tab"]);
  const range = oneOf(RANGES, Number(search["range"]));
  const outcome = oneOf(OUTCOMES, search["outcome"]);
  const moment = (value: unknown) => (typeof value === "string" && !Number.isNaN(Date.parse(value)) ? value : undefined);
  const [from, to] = [moment(search["from"]), moment(search["to"])];
  return { ...(tab ? { tab } : {}), ...(range ? { range } : {}), ...(outcome ? { outcome } : {}), ...(from && to ? { from, to } : {}) };
}
