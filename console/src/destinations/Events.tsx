import { MultiSelect, NumberInput, Switch, TagsInput, Textarea } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Destination } from "../shared/api";
import { sourcesQuery } from "../sources/sources";
import css from "./Editor.module.css";
import form from "./SchemaForm.module.css";

export const NO_FILTER: Destination["events"] = { names: [], sources: [], condition: "", imported: false };
export const USUAL_PACE: Destination["pace"] = { batch_max: 1, batch_wait_s: 0, requests_max: 4, keep_order: false };
const OFTEN = ["Order Completed", "Product Added", "Video Playback Started", "Song Played", "Identify", "Customers Merged", "Destination Paused", "Alert Raised"];

/** Which events are sent. */
export function Events({ value, onChange }: { value: Destination["events"]; onChange: (value: Destination["events"]) => void }) {
  const { t } = useTranslation("destinations");
  const sources = useQuery(sourcesQuery);
  return (
    <>
      <TagsInput label={t("form.names")} description={t("form.names_hint")} data={OFTEN} splitChars={[","]} value={value.names} onChange={(names) => onChange({ ...value, names })} />
      {(sources.data?.length ?? 0) > 1 && (
        <MultiSelect label={t("form.sources")} data={(sources.data ?? []).map((each) => ({ value: each.source_id, label: each.name }))} value={value.sources} onChange={(chosen) => onChange({ ...value, sources: chosen })} />
      )}
      <Textarea label={t("form.condition")} description={t("form.condition_hint")} className={form.code ?? ""} autosize minRows={1} maxRows={6} spellCheck={false} value={value.condition} onChange={(event) => onChange({ ...value, condition: event.currentTarget.value })} />
      <Switch label={t("form.imported")} description={t("form.imported_hint")} checked={value.imported} onChange={(event) => onChange({ ...value, imported: event.currentTarget.checked })} />
    </>
  );
}

/** How fast they are sent. */
export function Pace({ value, onChange }: { value: Destination["pace"]; onChange: (value: Destination["pace"]) => void }) {
  const { t } = useTranslation("destinations");
  return (
    <>
      <div className={css.row}>
        <NumberInput label={t("form.requests_max")} min={1} max={16} value={value.requests_max} onChange={(next) => onChange({ ...value, requests_max: Number(next) || 1 })} />
        <NumberInput label={t("form.batch_max")} min={1} max={500} value={value.batch_max} onChange={(next) => onChange({ ...value, batch_max: Number(next) || 1, ...(Number(next) > 1 ? {} : { batch_wait_s: 0 }) })} />
        <NumberInput label={t("form.batch_wait_s")} min={0} max={300} disabled={value.batch_max === 1} value={value.batch_wait_s} onChange={(next) => onChange({ ...value, batch_wait_s: Number(next) || 0 })} />
      </div>
      <Switch label={t("form.keep_order")} description={t("form.keep_order_hint")} checked={value.keep_order} onChange={(event) => onChange({ ...value, keep_order: event.currentTarget.checked })} />
    </>
  );
}
