import { queryOptions } from "@tanstack/react-query";
import { get, type Hook, type HookDelivery, type HookMapping, type HookPreset, type HookPreview, post } from "../shared/api";

const LOOK_EVERY_MS = 5_000;

export const hooksQuery = queryOptions({
  queryKey: ["hooks"],
  queryFn: ({ signal }) => get<Hook[]>("/v1/hooks", undefined, signal),
});

export const hookPresetsQuery = queryOptions({
  queryKey: ["hooks", "presets"],
  queryFn: ({ signal }) => get<HookPreset[]>("/v1/hooks/presets", undefined, signal),
  staleTime: Number.POSITIVE_INFINITY,
});

export const deliveriesQuery = (hook_id: string) =>
  queryOptions({
    queryKey: ["hooks", hook_id, "deliveries"],
    queryFn: ({ signal }) => get<HookDelivery[]>(`/v1/hooks/${hook_id}/deliveries`, undefined, signal),
    refetchInterval: LOOK_EVERY_MS,
  });

export interface Tried {
  mapping: HookMapping;
  body: string;
  headers: Record<string, string>;
  hook_id: string;
  delivery_id: string;
}

export const hookPreviewQuery = (tried: Tried) =>
  queryOptions({
    queryKey: ["hooks", "preview", tried],
    queryFn: ({ signal }) => post<HookPreview>("/v1/hooks/preview", tried, { signal }),
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });

/** The whole address, as the other service must be told it. */
export const addressOf = (path: string, origin: string = window.location.origin): string => origin + path;

/** Whether no secret of a hook can be read, so that it lets nothing in. */
export const isSealed = (hook: Pick<Hook, "secrets">): boolean => hook.secrets.length > 0 && hook.secrets.every((each) => !each.is_readable);
