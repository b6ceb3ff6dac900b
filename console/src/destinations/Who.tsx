import { NumberInput, TagsInput, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useFormat } from "../shared";
import { type AudiencePreview, type AudienceRule, type Destination, post } from "../shared/api";
import css from "./Editor.module.css";
import { readTrait, writeTrait } from "./rule";

export const NO_RULE: AudienceRule = { consent: "email", seen_within_days: null, unseen_for_days: null, countries: [], traits: [], likes: [], likes_share_min: 0.1, did: [] };
const CHANNELS = ["email", "sms", "push", "advertising", "all"];

interface WhoProps {
  value: AudienceRule;
  schedule: Destination["schedule"];
  onChange: (value: AudienceRule) => void;
  onSchedule: (value: Destination["schedule"]) => void;
}

/** Who belongs, with the number of customers who do now. */
export function Who({ value, schedule, onChange, onSchedule }: WhoProps) {
  const { t } = useTranslation("destinations");
  const change = (next: Partial<AudienceRule>) => onChange({ ...value, ...next });
  const days = (next: string | number) => (next === "" ? null : Number(next) || null);
  return (
    <>
      <TextInput label={t("who.consent")} description={t("who.consent_hint")} required maxLength={40} list="channels" value={value.consent} onChange={(event) => change({ consent: event.currentTarget.value })} />
      <datalist id="channels">{CHANNELS.map((each) => <option key={each} value={each} />)}</datalist>
      <Count rule={value} />
      <div className={css.pair}>
        <NumberInput label={t("who.seen_within_days")} min={1} max={3650} value={value.seen_within_days ?? ""} onChange={(next) => change({ seen_within_days: days(next) })} />
        <NumberInput label={t("who.unseen_for_days")} min={1} max={3650} value={value.unseen_for_days ?? ""} onChange={(next) => change({ unseen_for_days: days(next) })} />
      </div>
      <TagsInput label={t("who.did")} splitChars={[","]} value={value.did} onChange={(did) => change({ did })} />
      <TagsInput label={t("who.likes")} description={t("who.likes_hint")} splitChars={[","]} value={value.likes} onChange={(likes) => change({ likes })} />
      {value.likes.length > 0 && <NumberInput label={t("who.share")} min={0} max={1} step={0.05} decimalScale={2} value={value.likes_share_min} onChange={(next) => change({ likes_share_min: Number(next) || 0 })} />}
      <TagsInput label={t("who.traits")} description={t("who.traits_hint")} splitChars={[","]} value={value.traits.map(writeTrait)} onChange={(traits) => change({ traits: traits.map(readTrait) })} />
      <div className={css.pair}>
        <TagsInput label={t("who.countries")} description={t("who.countries_hint")} splitChars={[",", " "]} value={value.countries} onChange={(countries) => change({ countries: countries.map((each) => each.toUpperCase()) })} />
        <NumberInput label={t("form.every_h")} description={t("form.every_h_hint")} min={0} max={744} value={schedule.every_h} onChange={(next) => onSchedule({ every_h: Number(next) || 0 })} />
      </div>
    </>
  );
}

function Count({ rule }: { rule: AudienceRule }) {
  const { t } = useTranslation("destinations");
  const format = useFormat();
  const [settled] = useDebouncedValue(rule, 500);
  const query = useQuery({
    queryKey: ["destinations", "preview", settled],
    queryFn: ({ signal }) => post<AudiencePreview>("/v1/destinations/audience-preview", settled, { signal }),
    enabled: settled.consent !== "",
    placeholderData: (before) => before,
    retry: false,
  });
  const found = query.data;
  if (!found) return null;
  const whole = found.looked_at >= found.customers;
  return <p className={css.preview} role="status">{t(whole ? "who.preview" : "who.partly", { count: found.members, of: format.number(whole ? found.customers : found.looked_at) })}</p>;
}
