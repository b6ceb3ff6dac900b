import { Button, Textarea } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconPlus, IconRotate } from "@tabler/icons-react";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { EventCard } from "../imports/PreviewPanel";
import { useReason } from "../reasons/ReasonName";
import { useMay } from "../session/session";
import { Section, TimeAgo, tell, tellProblem } from "../shared";
import { type Hook, type HookDelivery, type HookMapping, type HookPreview, patch, post } from "../shared/api";
import { deliveriesQuery, hookPresetsQuery, hookPreviewQuery, hooksQuery } from "./queries";
import { RuleEditor } from "./RuleEditor";
import { NEW_RULE, pretty } from "./rules";
import css from "./Workbench.module.css";

const SETTLES_MS = 250;
interface Looked { key: string; body: string; headers: Record<string, string>; delivery_id: string }

/** What came on the left, what it means in the middle, the events that come of it on the right, while one types. */
export function Workbench({ hook }: { hook: Hook }) {
  const { t } = useTranslation("hooks");
  const { data: deliveries = [] } = useQuery(deliveriesQuery(hook.hook_id));
  const { data: presets = [] } = useQuery(hookPresetsQuery);
  const sample = presets.find((each) => each.name === hook.preset);
  const [mapping, setMapping] = useState<HookMapping>(hook.mapping);
  const [chosen, setChosen] = useState<Looked | null>(null);
  const first = deliveries.find((each) => each.body && each.status === 200);
  const looked = chosen ?? (first ? fromDelivery(first) : sample ? { key: "sample", body: pretty(JSON.stringify(sample.sample)), headers: sample.sample_headers, delivery_id: "sample" } : { key: "own", body: "{}", headers: {}, delivery_id: "" });
  const [tried] = useDebouncedValue({ mapping, body: looked.body, headers: looked.headers, hook_id: hook.hook_id, delivery_id: looked.delivery_id }, SETTLES_MS);
  const preview = useQuery({ ...hookPreviewQuery(tried), placeholderData: keepPreviousData });
  const change = (number: number, rule: HookMapping["rules"][number] | null) =>
    setMapping({ rules: rule ? mapping.rules.map((each, place) => (place === number ? rule : each)) : mapping.rules.filter((_, place) => place !== number) });
  return (
    <>
      <div className={css.bench}>
        <Section title={t("bench.came")} hint={t("bench.came_text")}>
          <Deliveries deliveries={deliveries} open={looked.key} hasSample={sample !== undefined} onOpen={(delivery) => setChosen(delivery ? fromDelivery(delivery) : sample ? { key: "sample", body: pretty(JSON.stringify(sample.sample)), headers: sample.sample_headers, delivery_id: "sample" } : null)} />
          <Textarea aria-label={t("bench.body")} autosize minRows={10} maxRows={28} spellCheck={false} classNames={{ input: css.code ?? "" }} value={looked.body} onChange={(event) => setChosen({ ...looked, key: "own", body: event.currentTarget.value })} />
          {Object.entries(looked.headers).length > 0 && <dl className={css.headers}>{Object.entries(looked.headers).map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>}
        </Section>
        <Section title={t("bench.means")} hint={t("bench.means_text")}>
          <div className={css.rules}>
            {mapping.rules.map((rule, number) => <RuleEditor key={number} number={number} rule={rule} preview={preview.data} onChange={(next) => change(number, next)} />)}
            <Button variant="default" leftSection={<IconPlus size={16} stroke={1.5} />} onClick={() => setMapping({ rules: [...mapping.rules, NEW_RULE] })}>{t("bench.add_rule")}</Button>
          </div>
        </Section>
        <div className={css.follows}>
          <Section title={t("bench.told")} hint={preview.data ? t("bench.told_count", { count: preview.data.events.length }) : undefined}>
            <Told preview={preview.data} error={preview.error} />
          </Section>
        </div>
      </div>
      <Save hook={hook} mapping={mapping} sound={preview.data?.problems.length === 0} failing={deliveries.filter((each) => each.waits && each.version !== hook.version).length} />
    </>
  );
}

const fromDelivery = (delivery: HookDelivery): Looked => ({ key: delivery.delivery, body: pretty(delivery.body), headers: delivery.headers, delivery_id: delivery.delivery_id });

function Deliveries({ deliveries, open, hasSample, onOpen }: { deliveries: readonly HookDelivery[]; open: string; hasSample: boolean; onOpen: (delivery: HookDelivery | null) => void }) {
  const { t } = useTranslation("hooks");
  return (
    <ul className={css.deliveries}>
      {deliveries.map((each) => (
        <li key={each.delivery}>
          <button type="button" data-open={open === each.delivery || undefined} data-state={each.status !== 200 ? "bad" : each.failures.length > 0 ? "watch" : "good"} onClick={() => onOpen(each)}>
            <TimeAgo at={each.received_at} />
            <span>{each.status !== 200 ? t("bench.refused", { status: each.status }) : each.failures.length > 0 ? t("bench.failed") : t("bench.events", { count: each.events })}</span>
          </button>
        </li>
      ))}
      {hasSample && <li><button type="button" data-open={open === "sample" || undefined} data-state="none" onClick={() => onOpen(null)}><span>{t("bench.sample")}</span></button></li>}
    </ul>
  );
}

function Told({ preview, error }: { preview: HookPreview | undefined; error: Error | null }) {
  const { t } = useTranslation("hooks");
  const reason = useReason();
  if (error) return <p role="alert" className={css.failure}>{error.message}</p>;
  if (!preview) return null;
  return (
    <div className={css.told} aria-live="polite">
      {preview.events.map((event) => <EventCard key={event.message_id} event={event} />)}
      {preview.problems.length > 0 && <p className={css.failure}>{t("bench.unreadable")}</p>}
      {preview.events.length + preview.failures.length + preview.problems.length === 0 && <p className={css.none}>{t("bench.nothing")}</p>}
      {preview.failures.map((failure) => <p key={failure.at + failure.reason} className={css.failure}>{reason.sentence([failure.code], failure.reason)}</p>)}
    </div>
  );
}

/** Keep the mapping as the next version; deliveries that failed before can then be told again. */
function Save({ hook, mapping, sound, failing }: { hook: Hook; mapping: HookMapping; sound: boolean; failing: number }) {
  const { t } = useTranslation("hooks");
  const admin = useMay("admin");
  const client = useQueryClient();
  const changed = JSON.stringify(mapping) !== JSON.stringify(hook.mapping);
  const save = useMutation({
    mutationFn: () => patch<Hook>(`/v1/hooks/${hook.hook_id}`, { mapping }),
    onSuccess: (next) => { tell(t("bench.saved", { version: next.version })); void client.invalidateQueries({ queryKey: hooksQuery.queryKey, exact: true }); },
    onError: tellProblem,
  });
  const again = useMutation({
    mutationFn: () => post<{ deliveries: number }>(`/v1/hooks/${hook.hook_id}/again`),
    onSuccess: ({ deliveries }) => { tell(t("bench.told_again", { count: deliveries })); void client.invalidateQueries({ queryKey: deliveriesQuery(hook.hook_id).queryKey }); },
    onError: tellProblem,
  });
  if (!admin) return null;
  return (
    <div className={css.bar}>
      <p className={css.say}>{changed ? t("bench.unsaved") : t("bench.version", { version: hook.version })}</p>
      {failing > 0 && !changed && <Button variant="default" leftSection={<IconRotate size={16} stroke={1.5} />} loading={again.isPending} onClick={() => again.mutate()}>{t("bench.again", { count: failing })}</Button>}
      <Button disabled={!changed || !sound} loading={save.isPending} onClick={() => save.mutate()}>{t("bench.save")}</Button>
    </div>
  );
}
