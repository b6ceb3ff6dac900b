import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Drawer, ErrorState, Sparkline, TextSkeleton, TimeAgo, useFormat } from "../shared";
import type { Plan, ProblemLine, ViolationSample } from "../shared/api";
import css from "./ProblemDrawer.module.css";
import { samplesQuery } from "./queries";
import { violationWords } from "./words";

/** One way in which events go wrong, with the latest that show it. */
export function ProblemDrawer({ plan, line, onClose }: { plan: Plan; line: ProblemLine; onClose: () => void }) {
  const { t } = useTranslation("plans");
  const format = useFormat();
  const samples = useQuery({ ...samplesQuery(plan.plan_id, line.problem_id), refetchInterval: 15_000 });
  return (
    <Drawer title={line.pointer || line.name || t("violations.others")} subtitle={line.pointer ? line.name : undefined} onClose={onClose}>
      <div className={css.stack}>
        <p className={css.wrong}>{violationWords(t, line)}</p>
        <Sparkline values={line.series} width={320} height={48} colour="var(--watch)" label={t("problem.trend", { count: line.count })} />
        <p className={css.facts}>{t("problem.facts", { count: line.count, first: format.moment(line.first_at), last: format.moment(line.last_at) })}</p>
        <h3 className={css.head}>{t("problem.samples")}</h3>
        <p className={css.facts}>{t("problem.samples_hint")}</p>
        {samples.isPending && <TextSkeleton lines={5} />}
        {samples.error && !samples.data && <ErrorState size="small" error={samples.error} retry={() => void samples.refetch()} />}
        {samples.data?.map((sample) => <Sample key={sample.event_id} sample={sample} />)}
      </div>
    </Drawer>
  );
}

function Sample({ sample }: { sample: ViolationSample }) {
  const { t } = useTranslation("plans");
  return (
    <article className={css.sample}>
      {sample.is_gone ? <p className={css.gone}>{t("problem.gone")}</p> : sample.values.length === 0 ? <p className={css.gone}>{t("problem.nothing")}</p> : sample.values.map((value, place) => <pre key={place} className={css.value}>{value}</pre>)}
      {sample.is_covered && <p className={css.gone}>{t("problem.covered")}</p>}
      <footer className={css.foot}>
        <span>{sample.source_name || t("problem.unknown_source")} · {t("card.version", { version: sample.version })} · <TimeAgo at={sample.received_at} /></span>
        {!sample.is_gone && <Link to="/events" search={{ event: sample.event_id }}>{t("problem.event")}</Link>}
      </footer>
    </article>
  );
}
