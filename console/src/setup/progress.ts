import { useQuery } from "@tanstack/react-query";
import { type CatalogSummary, type Comparison, get, post, type Slate, type Slot, type Source } from "../shared/api";
import { useArrival } from "../sources/sources";

export interface Progress {
  source: boolean;
  event: boolean;
  catalog: boolean;
  slate: boolean;
  items: number;
}

export const summaryQuery = {
  queryKey: ["catalog", "summary"],
  queryFn: ({ signal }: { signal: AbortSignal }) => get<CatalogSummary>("/v1/catalog/summary", undefined, signal),
};

/** A slate for somebody new: the first slot there is, or no slot at all. */
export const firstSlateQuery = {
  queryKey: ["recommend", "first"],
  queryFn: async ({ signal }: { signal: AbortSignal }): Promise<Slate | null> => {
    const slots = await get<Slot[]>("/v1/recommend/slots", undefined, signal);
    const body = { slot: slots[0]?.name ?? null, customer_id: null, count: 8 };
    const { strategies } = await post<Comparison>("/v1/recommend/compare", body, { signal }); // compares without an impression
    return strategies.find((each) => each.slate.items.length > 0)?.slate ?? null;
  },
};

/** How far the shop is; asked again every five seconds while a step is open. */
export function useProgress(source: Source | null): Progress {
  const { event } = useArrival(source?.source_id ?? null);
  const summary = useQuery({ ...summaryQuery, refetchInterval: (query) => ((query.state.data?.items ?? 0) > 0 ? false : 5_000) });
  const items = summary.data?.items ?? 0;
  const slate = useQuery({ ...firstSlateQuery, enabled: items > 0, refetchInterval: (query) => (query.state.data ? false : 5_000) });
  return {
    source: source !== null,
    event: source?.last_event_at != null || (event !== null && event.outcome !== "rejected"),
    catalog: items > 0,
    slate: Boolean(slate.data),
    items,
  };
}
