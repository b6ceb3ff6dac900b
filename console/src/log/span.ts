import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useFormat } from "../shared";
import type { Replay } from "../shared/api";
import { sourcesQuery } from "../sources/sources";

export const FORMS = ["jsonl", "parquet"] as const;
export type FileForm = (typeof FORMS)[number];

/** Where a span is fetched as a file. */
export function fileAddress(span: { since: string | null; until: string | null; sources: readonly string[]; names: readonly string[]; customer: string | null }, form: FileForm): string {
  const asked = new URLSearchParams({ form });
  if (span.since) asked.set("since", span.since);
  if (span.until) asked.set("until", span.until);
  for (const each of span.sources) asked.append("source", each);
  for (const each of span.names) asked.append("name", each);
  if (span.customer) asked.set("customer", span.customer);
  return `/v1/replays/file?${asked.toString()}`;
}

/** Says which part of history is meant: from when, until when, of which sources, which events, whom. */
export function useSpanWords() {
  const { t } = useTranslation("log");
  const format = useFormat();
  const known = useQuery(sourcesQuery).data ?? [];
  return ({ since, until, sources, names, customer_id }: Replay["asked"]): string => {
    const parts = [
      since && t("replay.from", { at: format.moment(since) }),
      until && t("replay.before", { at: format.moment(until) }),
      sources.length > 0 && format.list(sources.map((each) => known.find((source) => source.source_id === each)?.name ?? each)),
      names.length > 0 && format.list(names),
      customer_id && t("replay.one_customer"),
    ];
    return parts.filter(Boolean).join(" · ") || t("replay.everything");
  };
}
