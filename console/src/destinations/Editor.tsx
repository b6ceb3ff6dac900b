import { Button, Collapse, TextInput } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { FormProblem } from "../shared";
import type { AudienceRule, Destination, DestinationKind } from "../shared/api";
import css from "./Editor.module.css";
import { Events, NO_FILTER, Pace, USUAL_PACE } from "./Events";
import type { Preset } from "./presets";
import { SchemaFields } from "./SchemaForm";
import { fieldsOf, type Settings, type SettingsSchema, trimmed } from "./schema";
import { NO_RULE, Who } from "./Who";

/** A destination as it is being said, before the shop has taken it. */
export interface Draft {
  name: string;
  settings: Settings;
  events: Destination["events"];
  pace: Destination["pace"];
  audience: AudienceRule | null;
  schedule: Destination["schedule"];
}

export const draftOf = (preset: Preset): Draft => ({
  name: "", settings: preset.settings, events: { ...NO_FILTER, names: preset.names ?? [] }, pace: USUAL_PACE, audience: null, schedule: { every_h: 24 },
});
export const draftFrom = ({ name, settings, events, pace, audience, schedule }: Destination): Draft => ({ name, settings, events, pace, audience, schedule });

interface EditorProps {
  kind: DestinationKind;
  draft: Draft;
  label: string;
  save: (draft: Draft) => Promise<void>;
  onBack?: () => void;
}

/** Where, what of, how fast, for whom: only what this kind wants to be told. */
export function Editor({ kind, draft: begun, label, save, onBack }: EditorProps) {
  const { t } = useTranslation("destinations");
  const [draft, setDraft] = useState<Draft>({ ...begun, audience: kind.feed === "audience" ? (begun.audience ?? NO_RULE) : null });
  const [more, setMore] = useState(false);
  const change = (next: Partial<Draft>) => setDraft((before) => ({ ...before, ...next }));
  const schema = kind.settings_schema as SettingsSchema; // JSON Schema, of which only these parts are used
  const { first, more: others } = fieldsOf(schema, draft.settings);
  const sending = useMutation({ mutationFn: () => save({ ...draft, name: draft.name.trim(), settings: trimmed(schema, draft.settings) }) });
  const fields = { kind: kind.name, required: schema.required ?? [], settings: draft.settings, onChange: (settings: Settings) => change({ settings }) };
  return (
    <form className={css.form} onSubmit={(event) => { event.preventDefault(); sending.mutate(); }}>
      <div className={css.part}>
        <TextInput label={t("form.name")} description={t("form.name_hint")} required maxLength={120} data-autofocus value={draft.name} onChange={(event) => change({ name: event.currentTarget.value })} />
      </div>
      <div className={css.part}>
        <h3>{t("form.where")}</h3>
        <SchemaFields fields={first} {...fields} />
      </div>
      {kind.feed === "events" && <div className={css.part}><h3>{t("form.what")}</h3><Events value={draft.events} onChange={(events) => change({ events })} /></div>}
      {draft.audience && <div className={css.part}><h3>{t("form.who")}</h3><Who value={draft.audience} schedule={draft.schedule} onChange={(audience) => change({ audience })} onSchedule={(schedule) => change({ schedule })} /></div>}
      {(others.length > 0 || kind.feed === "events") && (
        <div className={css.part}>
          <Button className={css.more ?? ""} variant="subtle" size="compact-sm" rightSection={<IconChevronDown size={14} stroke={1.5} />} aria-expanded={more} onClick={() => setMore(!more)}>{t("form.more")}</Button>
          <Collapse expanded={more}>
            <div className={css.part}>
              <SchemaFields fields={others} {...fields} />
              {kind.feed === "events" && <Pace value={draft.pace} onChange={(pace) => change({ pace })} />}
            </div>
          </Collapse>
        </div>
      )}
      <FormProblem error={sending.error} />
      <div className={css.actions}>
        <Button type="submit" loading={sending.isPending}>{label}</Button>
        {onBack && <Button variant="default" onClick={onBack}>{t("form.back")}</Button>}
      </div>
    </form>
  );
}
