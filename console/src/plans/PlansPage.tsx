import { IconChecklist } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useMay } from "../session/session";
import { EmptyState, ErrorState, Page, Section, TableSkeleton, useFormat } from "../shared";
import type { PlanSummary } from "../shared/api";
import { ModeBadge } from "./ModeBadge";
import { NewPlan } from "./NewPlan";
import css from "./PlansPage.module.css";
import { plansQuery, useSourceNames } from "./queries";
import { shareOf } from "./shares";

/** Does what arrives look like what we agreed on? Every plan with how the last day kept to it. */
export function PlansPage() {
  const { t } = useTranslation("plans");
  const may = useMay("marketer");
  const plans = useQuery({ ...plansQuery, refetchInterval: 15_000 });
  const some = plans.data && plans.data.length > 0;
  return (
    <Page title={t("title")} question={t("question")} tools={some && may ? <NewPlan /> : undefined}>
      {plans.isPending && <TableSkeleton rows={4} />}
      {plans.error && !plans.data && <ErrorState error={plans.error} retry={() => void plans.refetch()} />}
      {plans.data?.length === 0 && (
        <Section>
          <EmptyState icon={<IconChecklist size={22} stroke={1.5} />} title={t("empty.title")} text={t("empty.text")} action={may ? <NewPlan first /> : undefined} />
        </Section>
      )}
      {some && (
        <ul className={css.plans}>
          {plans.data.map((plan) => <li key={plan.plan_id}><PlanCard plan={plan} /></li>)}
        </ul>
      )}
    </Page>
  );
}

function PlanCard({ plan }: { plan: PlanSummary }) {
  const { t } = useTranslation("plans");
  const format = useFormat();
  const names = useSourceNames();
  const share = shareOf(plan.wrong, plan.judged);
  const finding = plan.in_force === null ? t("card.draft") : plan.judged === 0 ? t("card.silent") : plan.wrong === 0 ? t("card.all", { count: plan.judged }) : t("card.some", { share: format.percent(share, 2), wrong: format.number(plan.wrong), count: plan.judged });
  return (
    <Link to="/plans/$planId" params={{ planId: plan.plan_id }} className={css.card}>
      <span className={css.top}>
        <span className={css.name}>{plan.name}</span>
        <ModeBadge mode={plan.mode} quiet={plan.in_force === null} />
      </span>
      {plan.in_force !== null && plan.judged > 0 && (
        <span className={css.bar} aria-hidden>
          <span style={{ width: `${share * 100}%` }} />
          <span data-wrong style={{ width: `${(1 - share) * 100}%`, minWidth: plan.wrong > 0 ? 3 : 0 }} />
        </span>
      )}
      <span className={css.finding}>{finding}</span>
      <span className={css.facts}>
        {plan.in_force === null ? t("card.not_in_force") : t("card.version", { version: plan.in_force })}
        {" · "}
        {t("card.events", { count: plan.events })}
        {" · "}
        {plan.sources === null ? t("sources.all") : format.list(plan.sources.map((each) => names.get(each) ?? each))}
        {plan.blocked > 0 && <b>{" · "}{t("card.blocked", { count: plan.blocked })}</b>}
        {plan.in_force !== null && plan.draft_differs && <>{" · "}{t("card.differs")}</>}
      </span>
    </Link>
  );
}
