import { Button, MultiSelect, Slider, Switch, TagsInput } from "@mantine/core";
import { IconDeviceFloppy, IconRotate } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { catalogSummaryQuery } from "../catalog/queries";
import { Section, tell, tellProblem } from "../shared";
import { put, type Slot } from "../shared/api";
import css from "./Knobs.module.css";
import { slotsQuery } from "./queries";
import { AS_SLOT, knobsOf, SEEN, type Seen, type SlotsSearch, turned } from "./search";

interface KnobsProps {
  slot: Slot;
  search: SlotsSearch;
  onChange: (next: Partial<SlotsSearch>) => void;
}

/** The knobs. Turning one shows its effect at once and changes nothing in the shop until it is kept. */
export function Knobs({ slot, search, onChange }: KnobsProps) {
  const { t } = useTranslation("recommend");
  const client = useQueryClient();
  const knobs = knobsOf(search, slot);
  const summary = useQuery(catalogSummaryQuery);
  const kinds = (summary.data?.kinds ?? []).map((each) => ({ value: each.kind, label: each.kind }));
  const tags = [...new Set((summary.data?.tags ?? []).map((each) => each.value))];
  const keep = useMutation({
    mutationFn: () => put<Slot>(`/v1/recommend/slots/${encodeURIComponent(slot.name)}`, { title: slot.title, policy: slot.policy, count: slot.count, experiment_key: slot.experiment_key, ...knobs }),
    onSuccess: (saved) => {
      client.setQueryData<Slot[]>(slotsQuery.queryKey, (before) => before?.map((each) => (each.name === saved.name ? saved : each)));
      onChange(AS_SLOT);
      tell(t("knobs.kept", { slot: saved.title }));
    },
    onError: tellProblem,
  });
  return (
    <Section title={t("knobs.title")} hint={t("knobs.hint")}>
      <div className={css.knobs}>
        <Knob label={t("knobs.novelty")} low={t("knobs.novelty_low")} high={t("knobs.novelty_high")} value={knobs.novelty} onChange={(novelty) => onChange({ novelty })} />
        <Knob label={t("knobs.diversity")} low={t("knobs.diversity_low")} high={t("knobs.diversity_high")} value={knobs.diversity} onChange={(diversity) => onChange({ diversity })} />
        <fieldset className={css.field}>
          <legend>{t("knobs.seen")}</legend>
          <div className={css.choices} role="radiogroup" aria-label={t("knobs.seen")}>
            {SEEN.map((seen: Seen) => (
              <button key={seen} type="button" role="radio" aria-checked={knobs.filters.exclude_seen === seen} className={css.choice} onClick={() => onChange({ seen })}>{t(`knobs.seen_${seen}`)}</button>
            ))}
          </div>
        </fieldset>
        {kinds.length > 1 && <MultiSelect label={t("knobs.kinds")} placeholder={knobs.filters.kinds.length === 0 ? t("knobs.any") : ""} data={kinds} value={knobs.filters.kinds} onChange={(value) => onChange({ kinds: value })} clearable />}
        <TagsInput label={t("knobs.tags")} placeholder={knobs.filters.tags.length === 0 ? t("knobs.any") : ""} data={tags} value={knobs.filters.tags} onChange={(value) => onChange({ tags: value })} clearable />
        <TagsInput label={t("knobs.without")} placeholder={knobs.filters.exclude_tags.length === 0 ? t("knobs.none") : ""} data={tags} value={knobs.filters.exclude_tags} onChange={(value) => onChange({ without: value })} clearable />
        <Switch label={t("knobs.available")} checked={knobs.filters.available_only} onChange={(event) => onChange({ all: !event.currentTarget.checked })} />
        <div className={css.actions} data-turned={turned(search) || undefined}>
          <Button fullWidth leftSection={<IconDeviceFloppy size={16} stroke={1.5} />} disabled={!turned(search)} loading={keep.isPending} onClick={() => keep.mutate()}>{t("knobs.keep")}</Button>
          <Button fullWidth variant="subtle" leftSection={<IconRotate size={16} stroke={1.5} />} disabled={!turned(search)} onClick={() => onChange(AS_SLOT)}>{t("knobs.back")}</Button>
        </div>
      </div>
    </Section>
  );
}

interface KnobProps {
  label: string;
  low: string;
  high: string;
  value: number;
  onChange: (value: number) => void;
}

/** A slider that moves under the finger and speaks when it is let go. */
function Knob({ label, low, high, value, onChange }: KnobProps) {
  const [at, setAt] = useState(value);
  useEffect(() => setAt(value), [value]);
  return (
    <div className={css.field}>
      <p className={css.label}>{label}<span>{at.toFixed(2)}</span></p>
      <Slider size="sm" min={0} max={1} step={0.05} label={null} value={at} onChange={setAt} onChangeEnd={onChange} thumbLabel={label} />
      <p className={css.ends}><span>{low}</span><span>{high}</span></p>
    </div>
  );
}
