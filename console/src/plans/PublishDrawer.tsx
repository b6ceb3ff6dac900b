import { Button, TextInput } from "@mantine/core";
import { IconRocket } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Drawer, ErrorState, tell, TextSkeleton, useFormat } from "../shared";
import { type Plan, type PlanTrial, type PlanVersion, post } from "../shared/api";
import { ChangeList } from "./ChangeList";
import css from "./PublishDrawer.module.css";
import { planPath, trialQuery } from "./queries";
import { shareOf } from "./shares";
import { violationWords } from "./words";

const SHOWN = 6;

interface PublishDrawerProps {
  plan: Plan;
  onClose: () => void;
  onPublished: () => void;
}

/** Before a version comes into force: what changes, and what it would have made of yesterday. */
export function PublishDrawer({ plan, onClose, onPublished }: PublishDrawerProps) {
  const { t } = useTranslation("plans");
  const client = useQueryClient();
  const [note, setNote] = useState("");
  const trial = useQuery(trialQuery(plan.plan_id, plan.draft_number, plan.draft));
  const publish = useMutation({
    mutationFn: () => post<PlanVersion>(`${planPath(plan.plan_id)}/publish`, { note }),
    onSuccess: (version) => {
      void client.invalidateQueries({ queryKey: ["plans"] });
      tell(t("publish.done", { version: version.number, name: plan.name }));
      onPublished();
      onClose();
    },
  });
  return (
    <Drawer title={t("publish.title", { version: (plan.versions[0]?.number ?? 0) + 1 })} subtitle={plan.name} onClose={onClose}>
      <div className={css.stack}>
        <h3 className={css.head}>{t("publish.trial")}</h3>
        {trial.isPending && <TextSkeleton lines={4} />}
        {trial.error && <ErrorState size="small" error={trial.error} retry={() => void trial.refetch()} />}
        {trial.data && <TrialWords trial={trial.data} />}
        <h3 className={css.head}>{t("publish.changes", { count: plan.changes.length })}</h3>
        <ChangeList changes={plan.changes} />
        <form className={css.form} onSubmit={(event) => { event.preventDefault(); publish.mutate(); }}>
          <TextInput label={t("publish.note")} placeholder={t("publish.note_hint")} maxLength={500} value={note} onChange={(event) => setNote(event.currentTarget.value)} />
          {publish.error && <ErrorState size="small" error={publish.error} />}
          <Button type="submit" leftSection={<IconRocket size={16} stroke={1.5} />} loading={publish.isPending}>{t("publish.button")}</Button>
        </form>
      </div>
    </Drawer>
  );
}

function TrialWords({ trial }: { trial: PlanTrial }) {
  const { t } = useTranslation("plans");
  const format = useFormat();
  const share = shareOf(trial.wrong, trial.events);
  if (trial.events === 0) return <p className={css.words}>{t("trial.nothing")}</p>;
  return (
    <>
      <p className={css.words}>{trial.wrong === 0 ? t("trial.all", { count: trial.events }) : t("trial.some", { wrong: format.number(trial.wrong), share: format.percent(1 - share, 2), count: trial.events })}</p>
      <p className={css.blocked} data-some={trial.blocked > 0 || undefined}>{trial.blocked > 0 ? t("trial.blocked", { count: trial.blocked }) : t("trial.none_blocked")}</p>
      {!trial.is_whole && <p className={css.hint}>{t("trial.part", { count: trial.events })}</p>}
      <ul className={css.problems}>
        {trial.problems.slice(0, SHOWN).map((problem) => (
          <li key={`${problem.name}${problem.pointer}${problem.kind}`}>
            <span className={css.count}>{format.number(problem.events)}</span>
            <span>{problem.name} <code>{problem.pointer}</code> {violationWords(t, problem)}</span>
          </li>
        ))}
        {trial.problems.length > SHOWN && <li><span /><span className={css.hint}>{t("trial.more", { count: trial.problems.length - SHOWN })}</span></li>}
      </ul>
    </>
  );
}
