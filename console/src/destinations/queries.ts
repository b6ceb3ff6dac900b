import { type AudienceRule, type DeadLetter, type Delivery, type Destination, type DestinationFigures, type DestinationKind, get, type HourOfDestination, type Page, type SyncRun } from "../shared/api";
import type { Outcome } from "./search";

const ROOT = "destinations";
type Asked = { signal: AbortSignal };

export const destinationsQuery = { queryKey: [ROOT, "all"], queryFn: ({ signal }: Asked) => get<Destination[]>("/v1/destinations", undefined, signal), refetchInterval: 5_000 };
export const kindsQuery = { queryKey: [ROOT, "kinds"], queryFn: ({ signal }: Asked) => get<DestinationKind[]>("/v1/destinations/kinds", undefined, signal), staleTime: Infinity };
export const destinationQuery = (id: string) => ({ queryKey: [ROOT, "one", id], queryFn: ({ signal }: Asked) => get<Destination>(`/v1/destinations/${id}`, undefined, signal), refetchInterval: 5_000 });
export const figuresQuery = (id: string, hours: number) => ({
  queryKey: [ROOT, "figures", id, hours],
  queryFn: ({ signal }: Asked) => get<DestinationFigures>(`/v1/destinations/${id}/figures`, { hours }, signal),
  refetchInterval: 10_000,
});

export interface DeliveryFilter {
  outcome?: Outcome | undefined;
  from?: string | undefined;
  to?: string | undefined;
}

/** A list that is shown page by page. */
const pages = <T>(key: readonly unknown[], path: string, more: Record<string, string | undefined> = {}) => ({
  queryKey: [ROOT, ...key],
  queryFn: ({ signal, pageParam }: Asked & { pageParam: string | null }) => get<Page<T>>(path, { ...more, cursor: pageParam }, signal),
  initialPageParam: null as string | null,
  getNextPageParam: (last: Page<T>) => last.next_cursor,
  refetchInterval: 10_000,
});

export const deliveriesQuery = (id: string, { outcome, from, to }: DeliveryFilter) => pages<Delivery>(["deliveries", id, outcome, from, to], `/v1/destinations/${id}/deliveries`, { outcome, from_at: from, to_at: to });
export const lettersQuery = (id: string) => pages<DeadLetter>(["letters", id], `/v1/destinations/${id}/dead-letters`);
export const hoursQuery = (id: string) => pages<HourOfDestination>(["hours", id], `/v1/destinations/${id}/hours`);
export const syncsQuery = (id: string) => pages<SyncRun>(["syncs", id], `/v1/destinations/${id}/syncs`);

/** Everything about destinations is asked for again. */
export const ALL = { queryKey: [ROOT] };

export type Rule = AudienceRule;
