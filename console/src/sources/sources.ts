import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { get, type LiveEvent, type Page, post, type Source, type SourceKind } from "../shared/api";
import { address } from "../shared/api/call";
import { useLive, type LiveStatus } from "../shared/live";

export const sourcesQuery = queryOptions({
  queryKey: ["sources"],
  queryFn: ({ signal }) => get<Source[]>("/v1/sources", undefined, signal),
});

export const makeSource = (name: string, kind: SourceKind): Promise<Source> => post<Source>("/v1/sources", { name, kind });

/** The list with one of its sources as it is now. */
export const kept = (next: Source) => (all: Source[] | undefined): Source[] | undefined => all?.map((each) => (each.source_id === next.source_id ? next : each));

/** For how many days a replaced key may go on opening. */
export const GRACES = ["0", "1", "7"] as const;
export type Grace = (typeof GRACES)[number];

export interface Arrival {
  event: LiveEvent | null;
  status: LiveStatus;
}

/** The last event of a source: what is already there, then whatever comes, as it comes. */
export function useArrival(source_id: string | null): Arrival {
  const queryClient = useQueryClient();
  const [live, setLive] = useState<LiveEvent | null>(null);
  const { data: recent } = useQuery({
    queryKey: ["events", "recent", "last", source_id],
    queryFn: ({ signal }) => get<Page<LiveEvent>>("/v1/events/recent", { source_id, limit: 1 }, signal),
    enabled: source_id !== null,
    staleTime: 0,
  });
  const status = useLive<LiveEvent>(source_id ? address("/v1/events/live", { source_id }) : null, {
    event: "event",
    onMessage: (event) => {
      setLive(event);
      void queryClient.invalidateQueries({ queryKey: sourcesQuery.queryKey }, { cancelRefetch: false });
    },
  });
  const mine = live && live.source_id === source_id ? live : null;
  return { event: mine ?? recent?.items[0] ?? null, status };
}

/** A fact sent through the public door, exactly as an SDK would. */
export async function sendTrial(write_key: string, now: Date = new Date()): Promise<void> {
  const body = {
    type: "track",
    event: "Product Viewed",
    messageId: `trial-${now.getTime()}-${Math.random().toString(36).slice(2, 10)}`,
    anonymousId: "console-trial",
    timestamp: now.toISOString(),
    sentAt: now.toISOString(),
    properties: { product_id: "TRIAL-1", name: "Trial item", category: "Trial" },
    context: { library: { name: "regulars-console", version: "1" } },
  };
  await post("/v1/track", body, { headers: { Authorization: `Basic ${btoa(`${write_key}:`)}` } });
}
