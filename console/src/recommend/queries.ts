import { type Comparison, get, type Model, type Page, type Performance, post, type ProfileSummary, type Slot } from "../shared/api";
import type { Knobs } from "./search";

export const slotsQuery = { queryKey: ["recommend", "slots"], queryFn: ({ signal }: { signal: AbortSignal }) => get<Slot[]>("/v1/recommend/slots", undefined, signal) };
/** Whoever was seen last: the first view of a slot is somebody's, not nobody's. Asked once, so that it does not jump. */
export const latestCustomerQuery = {
  queryKey: ["profiles", "latest"],
  queryFn: async ({ signal }: { signal: AbortSignal }) => (await get<Page<ProfileSummary>>("/v1/profiles", { limit: 1 }, signal)).items[0]?.customer_id ?? null,
  staleTime: Infinity,
};

export const modelsQuery = { queryKey: ["recommend", "models"], queryFn: ({ signal }: { signal: AbortSignal }) => get<Model[]>("/v1/recommend/models", undefined, signal) };

export const performanceQuery = (slot: string, days: number) => ({
  queryKey: ["recommend", "performance", slot, days],
  queryFn: ({ signal }: { signal: AbortSignal }) => get<Performance[]>("/v1/recommend/performance", { slot, days }, signal),
});

export interface CompareRequest extends Partial<Knobs> {
  slot: string | null;
  customer_id: string | null;
  count: number;
}

/** Side by side, and nothing is logged as shown. */
export const compareQuery = (request: CompareRequest) => ({
  queryKey: ["recommend", "compare", request],
  queryFn: ({ signal }: { signal: AbortSignal }) => post<Comparison>("/v1/recommend/compare", request, { signal }),
});
