import { queryOptions, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { get, type Page, type Plan, type PlanSummary, post, type ProblemLine, type ReadyPlan, type PlanTrial, type Violations, type ViolationSample } from "../shared/api";
import type { PlanBody, PlanChangeLine } from "../shared/api";
import { sourcesQuery } from "../sources/sources";
import type { PlanSearch } from "./search";

/** What each source is called. */
export function useSourceNames(): Map<string, string> {
  const sources = useQuery(sourcesQuery);
  return useMemo(() => new Map((sources.data ?? []).map((each) => [each.source_id, each.name])), [sources.data]);
}

const at = (plan_id: string) => `/v1/plans/${encodeURIComponent(plan_id)}`;

export const plansQuery = queryOptions({ queryKey: ["plans", "all"], queryFn: ({ signal }) => get<PlanSummary[]>("/v1/plans", undefined, signal) });
export const readyQuery = { queryKey: ["plans", "ready"], queryFn: ({ signal }: { signal: AbortSignal }) => get<ReadyPlan[]>("/v1/plans/ready", undefined, signal), staleTime: Infinity };
export const planQuery = (plan_id: string) => ({ queryKey: ["plans", "one", plan_id], queryFn: ({ signal }: { signal: AbortSignal }) => get<Plan>(at(plan_id), undefined, signal) });

const wanted = ({ span = "24h", name, source_id }: PlanSearch) => ({ span, name, source_id });

export const violationsQuery = (plan_id: string, search: PlanSearch) => ({
  queryKey: ["plans", "violations", plan_id, wanted(search)],
  queryFn: ({ signal }: { signal: AbortSignal }) => get<Violations>(`${at(plan_id)}/violations`, wanted(search), signal),
});
export const problemsQuery = (plan_id: string, search: PlanSearch) => ({
  queryKey: ["plans", "problems", plan_id, wanted(search)],
  queryFn: ({ signal }: { signal: AbortSignal }) => get<Page<ProblemLine>>(`${at(plan_id)}/problems`, { ...wanted(search), limit: 200 }, signal),
});
export const samplesQuery = (plan_id: string, problem_id: string) => ({
  queryKey: ["plans", "samples", plan_id, problem_id],
  queryFn: ({ signal }: { signal: AbortSignal }) => get<ViolationSample[]>(`${at(plan_id)}/problems/${encodeURIComponent(problem_id)}/samples`, undefined, signal),
});
export const changesQuery = (plan_id: string, before: number) => ({
  queryKey: ["plans", "changes", plan_id, before],
  queryFn: ({ signal }: { signal: AbortSignal }) => get<PlanChangeLine[]>(`${at(plan_id)}/changes`, { before }, signal),
});
/** What the draft would have made of the last day: asked anew for each draft. */
export const trialQuery = (plan_id: string, draft_number: number, body: PlanBody) => ({
  queryKey: ["plans", "try", plan_id, draft_number],
  queryFn: ({ signal }: { signal: AbortSignal }) => post<PlanTrial>(`${at(plan_id)}/try`, { body, hours: 24 }, { signal }),
  staleTime: 60_000,
});
export { at as planPath };
