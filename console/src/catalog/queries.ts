import { useQueries } from "@tanstack/react-query";
import { type CatalogSummary, get, type Item } from "../shared/api";

export const itemQuery = (item_id: string) => ({
  queryKey: ["catalog", "item", item_id],
  queryFn: ({ signal }: { signal: AbortSignal }) => get<Item>(`/v1/catalog/items/${encodeURIComponent(item_id)}`, undefined, signal),
  staleTime: 300_000,
  retry: false, // an id that events mention may not be in the catalogue
});

/** The items behind some ids, those that the catalogue holds. */
export function useItems(ids: readonly string[]): Map<string, Item> {
  return useQueries({
    queries: [...new Set(ids)].map(itemQuery),
    combine: (answers) => new Map(answers.flatMap((answer) => (answer.data ? [[answer.data.item_id, answer.data] as const] : []))),
  });
}

export const catalogSummaryQuery = {
  queryKey: ["catalog", "summary"],
  queryFn: ({ signal }: { signal: AbortSignal }) => get<CatalogSummary>("/v1/catalog/summary", undefined, signal),
  staleTime: 30_000,
};
