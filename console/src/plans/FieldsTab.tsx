import { Button, MultiSelect, SegmentedControl, Select, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../session/session";
import { EmptyState, ErrorState, Section, tell } from "../shared";
import { type Plan, type PlanBody, type PlanMode, put } from "../shared/api";
import { withEvent } from "./draft";
import { EventEditor } from "./EventEditor";
import css from "./FieldsTab.module.css";
import { planPath, planQuery, useSourceNames } from "./queries";
import { keyOf } from "./shares";

const MODES: readonly PlanMode[] = ["observe", "warn", "block"];
const UNKNOWN = ["allow", "warn", "block"] as const;

interface FieldsTabProps {
  plan: Plan;
  name: string | undefined;
  choose: (name: string | undefined) => void;
  onDirty: (unsaved: boolean) => void;
}

/** What does the plan say? The draft, to be changed field by field; nothing is judged by it until it is published. */
export function FieldsTab({ plan, name, choose, onDirty }: FieldsTabProps) {
  const { t } = useTranslation("plans");
  const may = useMay("marketer");
  const client = useQueryClient();
  const [body, setBody] = useState<PlanBody>(plan.draft);
  const dirty = JSON.stringify(body) !== JSON.stringify(plan.draft);
  const change = (next: PlanBody) => {
    setBody(next);
    onDirty(JSON.stringify(next) !== JSON.stringify(plan.draft));
  };
  const save = useMutation({
    mutationFn: () => put<Plan>(`${planPath(plan.plan_id)}/draft`, { body, draft_number: plan.draft_number }),
    onSuccess: (saved) => {
      onDirty(false);
      client.setQueryData(planQuery(plan.plan_id).queryKey, saved);
      tell(t("fields.saved"));
    },
  });
  const open = body.events.find((rule) => keyOf(rule) === name || rule.name === name) ?? body.events[0];
  return (
    <div className={css.stack}>
      <Rules body={body} change={change} may={may} />
      <div className={css.sides}>
        <Section title={t("fields.events")} flush>
          <EventNames body={body} open={open && keyOf(open)} choose={choose} may={may} add={(added) => { change(withEvent(body, added)); choose(added); }} />
        </Section>
        <Section>
          {open ? <EventEditor key={keyOf(open)} body={body} rule={open} change={change} may={may} gone={() => choose(undefined)} /> : <EmptyState size="small" title={t("fields.no_event")} text={t("fields.no_event_text")} />}
        </Section>
      </div>
      {may && dirty && (
        <div className={css.save} role="status">
          <span>{t("fields.unsaved")}</span>
          <Button variant="default" size="sm" onClick={() => change(plan.draft)}>{t("fields.discard")}</Button>
          <Button size="sm" loading={save.isPending} onClick={() => save.mutate()}>{t("fields.save")}</Button>
        </div>
      )}
      {save.error && <ErrorState size="small" error={save.error} />}
    </div>
  );
}

function Rules({ body, change, may }: { body: PlanBody; change: (body: PlanBody) => void; may: boolean }) {
  const { t } = useTranslation("plans");
  const sources = useSourceNames();
  return (
    <Section title={t("rules.title")} hint={t("rules.hint")}>
      <div className={css.rules}>
        <div>
          <p className={css.label}>{t("rules.mode")}</p>
          <SegmentedControl fullWidth disabled={!may} aria-label={t("rules.mode")} data={MODES.map((each) => ({ value: each, label: t(`mode.${each}`) }))} value={body.mode} onChange={(value) => change({ ...body, mode: value as PlanMode })} />
          <p className={css.means}>{t(`mode_means.${body.mode}`)}</p>
        </div>
        <Select label={t("rules.unknown")} description={t("rules.unknown_hint")} disabled={!may} allowDeselect={false} data={UNKNOWN.map((each) => ({ value: each, label: t(`unknown.${each}`) }))} value={body.unknown} onChange={(value) => value && change({ ...body, unknown: value as PlanBody["unknown"] })} />
        <MultiSelect label={t("rules.sources")} description={t("rules.sources_hint")} disabled={!may} placeholder={body.sources === null ? t("sources.all") : undefined} data={[...sources].map(([value, label]) => ({ value, label }))} value={body.sources ?? []} onChange={(value) => change({ ...body, sources: value.length > 0 ? value : null })} />
      </div>
    </Section>
  );
}

function EventNames({ body, open, choose, may, add }: { body: PlanBody; open: string | undefined; choose: (name: string) => void; may: boolean; add: (name: string) => void }) {
  const { t } = useTranslation("plans");
  const [typed, setTyped] = useState("");
  return (
    <>
      <ul className={css.names}>
        {body.events.map((rule) => (
          <li key={keyOf(rule)}>
            <button type="button" className={css.name} aria-current={keyOf(rule) === open} onClick={() => choose(keyOf(rule))}>
              <span>{rule.name}</span>
              {rule.mode && rule.mode !== body.mode && <i>{t(`mode.${rule.mode}`)}</i>}
            </button>
          </li>
        ))}
      </ul>
      {may && (
        <form className={css.add} onSubmit={(event) => { event.preventDefault(); if (typed.trim()) { add(typed.trim()); setTyped(""); } }}>
          <TextInput size="sm" aria-label={t("fields.new_event")} placeholder={t("fields.new_event")} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} />
          <Button type="submit" variant="default" size="sm" aria-label={t("fields.add_event")} disabled={!typed.trim()}><IconPlus size={16} stroke={1.5} /></Button>
        </form>
      )}
    </>
  );
}
