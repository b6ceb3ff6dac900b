import { Autocomplete, Button, CloseButton, SegmentedControl, Select, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconFilter, IconUser, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useReason } from "../reasons/ReasonName";
import { get, type Source } from "../shared/api";
import { todayQuery } from "../today/TodayPage";
import css from "./Filters.module.css";
import { type EventsSearch, OUTCOMES } from "./search";

const TYPING_MS = 300;

/** Four filters, all of them in the address. */
export function Filters({ search, onChange }: { search: EventsSearch; onChange: (change: Partial<EventsSearch>) => void }) {
  const { t } = useTranslation("events");
  const reason = useReason();
  const sources = useQuery({ queryKey: ["sources"], queryFn: ({ signal }) => get<Source[]>("/v1/sources", undefined, signal) });
  const today = useQuery({ ...todayQuery, staleTime: 60_000 });
  const outcomes = [{ value: "", label: t("filter.all") }, ...OUTCOMES.map((outcome) => ({ value: outcome, label: t(`outcome.${outcome}`) }))];
  return (
    <div className={css.filters} role="search" aria-label={t("filter.label")}>
      <SegmentedControl className={css.outcomes} data={outcomes} value={search.outcome ?? ""} onChange={(value) => onChange({ outcome: (value || undefined) as EventsSearch["outcome"] })} aria-label={t("column.outcome")} />
      <Typed value={search.name} onChange={(name) => onChange({ name })}>
        {(value, set) => (
          <Autocomplete aria-label={t("column.name")} placeholder={t("filter.name")} leftSection={<IconFilter size={16} stroke={1.5} />} data={today.data?.by_event.map((each) => each.name) ?? []} value={value} onChange={set} rightSection={value && <CloseButton size="sm" aria-label={t("filter.clear")} onClick={() => set("")} />} />
        )}
      </Typed>
      <Typed value={search.customer} onChange={(customer) => onChange({ customer })}>
        {(value, set) => (
          <TextInput aria-label={t("column.customer")} placeholder={t("filter.customer")} leftSection={<IconUser size={16} stroke={1.5} />} value={value} onChange={(event) => set(event.currentTarget.value)} rightSection={value && <CloseButton size="sm" aria-label={t("filter.clear")} onClick={() => set("")} />} />
        )}
      </Typed>
      {search.reason && (
        <Button variant="light" size="sm" rightSection={<IconX size={14} stroke={1.5} />} onClick={() => onChange({ reason: undefined })} aria-label={t("filter.no_reason", { reason: reason.title(search.reason) })}>{reason.title(search.reason)}</Button>
      )}
      <Select aria-label={t("column.source")} placeholder={t("filter.source")} clearable data={(sources.data ?? []).map((source) => ({ value: source.source_id, label: source.name }))} value={search.source_id ?? null} onChange={(value) => onChange({ source_id: value ?? undefined })} />
    </div>
  );
}

interface TypedProps {
  value: string | undefined;
  onChange: (value: string | undefined) => void;
  children: (value: string, set: (value: string) => void) => React.ReactNode;
}

/** A field that speaks only once the typing rests, and follows when the address changes under it. */
function Typed({ value, onChange, children }: TypedProps) {
  const [text, setText] = useState(value ?? "");
  const speak = useDebouncedCallback((next: string) => onChange(next.trim() || undefined), TYPING_MS);
  useEffect(() => setText(value ?? ""), [value]);
  return children(text, (next) => {
    setText(next);
    speak(next);
  });
}
