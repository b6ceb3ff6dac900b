import { queryOptions } from "@tanstack/react-query";
import { type Backup, type BackupOverview, get, type LogOverview, type Page, type Rebuild, type Replay } from "../shared/api";

const REPLAYING_MS = 1_500; // most are over in seconds
const BUSY_MS = 5_000;
const CALM_MS = 30_000;

export const isUnfinished = (rebuild: Rebuild): boolean => rebuild.state !== "done" && rebuild.state !== "discarded";

export const isReplaying = (replay: Replay): boolean => replay.state !== "done" && replay.state !== "discarded";

export const logQuery = queryOptions({
  queryKey: ["log", "overview"],
  queryFn: ({ signal }) => get<LogOverview>("/v1/log", undefined, signal),
  refetchInterval: BUSY_MS,
});
export const rebuildsQuery = queryOptions({
  queryKey: ["log", "rebuilds"],
  queryFn: ({ signal }) => get<Page<Rebuild>>("/v1/rebuilds", { limit: 50 }, signal),
  refetchInterval: (query) => (query.state.data?.items.some(isUnfinished) ? BUSY_MS : CALM_MS),
});
export const replaysQuery = queryOptions({
  queryKey: ["log", "replays"],
  queryFn: ({ signal }) => get<Page<Replay>>("/v1/replays", { limit: 50 }, signal),
  refetchInterval: (query) => (query.state.data?.items.some((each) => each.state === "running" || each.state === "waiting") ? REPLAYING_MS : CALM_MS),
});
export const partsQuery = queryOptions({
  queryKey: ["log", "parts"],
  queryFn: ({ signal }) => get<{ parts: string[] }>("/v1/rebuilds/parts", undefined, signal),
  staleTime: Infinity,
});
export const backupsQuery = queryOptions({
  queryKey: ["log", "backups"],
  queryFn: ({ signal }) => get<Page<Backup>>("/v1/backups", { limit: 50 }, signal),
  refetchInterval: CALM_MS,
});
export const coverQuery = queryOptions({
  queryKey: ["log", "cover"],
  queryFn: ({ signal }) => get<BackupOverview>("/v1/backups/overview", undefined, signal),
  refetchInterval: BUSY_MS,
});
