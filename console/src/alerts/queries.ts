import { queryOptions } from "@tanstack/react-query";
import { type Alert, type AlertRule, type AlertWords, get, type Page, post, put, remove } from "../shared/api";

const REFRESH_MS = 20_000; // rules are looked at once a minute

export const raisedQuery = queryOptions({
  queryKey: ["alerts", "raised"],
  queryFn: ({ signal }) => get<Page<Alert>>("/v1/alerts", { raised: true, limit: 100 }, signal),
  refetchInterval: REFRESH_MS,
});

export const alertsQuery = queryOptions({
  queryKey: ["alerts", "all"],
  queryFn: ({ signal }) => get<Page<Alert>>("/v1/alerts", { limit: 100 }, signal),
  refetchInterval: REFRESH_MS,
});

export const rulesQuery = queryOptions({
  queryKey: ["alerts", "rules"],
  queryFn: ({ signal }) => get<AlertRule[]>("/v1/alerts/rules", undefined, signal),
  refetchInterval: REFRESH_MS,
});

export const acknowledge = (alert_id: string): Promise<Alert> => post<Alert>(`/v1/alerts/${alert_id}/acknowledge`);
export const addRule = (words: AlertWords): Promise<AlertRule> => post<AlertRule>("/v1/alerts/rules", words);
export const changeRule = (rule_id: string, words: AlertWords): Promise<AlertRule> => put<AlertRule>(`/v1/alerts/rules/${rule_id}`, words);
export const removeRule = (rule_id: string): Promise<void> => remove(`/v1/alerts/rules/${rule_id}`, { keepalive: true });
