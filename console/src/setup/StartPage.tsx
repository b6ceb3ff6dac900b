import { Button } from "@mantine/core";
import { IconArrowRight } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useMay } from "../session/session";
import type { Source } from "../shared/api";
import { ErrorState } from "../shared/ErrorState";
import { Page } from "../shared/Page";
import { TextSkeleton } from "../shared/Skeletons";
import { ArrivalLine } from "../sources/Arrival";
import { MakeSource } from "../sources/MakeSource";
import { sourcesQuery } from "../sources/sources";
import { StackTabs } from "../sources/StackTabs";
import { CatalogStep } from "./CatalogStep";
import { FirstSlate } from "./FirstSlate";
import { useProgress } from "./progress";
import css from "./StartPage.module.css";
import { Step } from "./Step";

/** From nothing to the first slate: steps that finish themselves. */
export function StartPage() {
  const { t } = useTranslation("setup");
  const may = useMay("marketer");
  const navigate = useNavigate();
  const { source: wanted } = useSearch({ from: "/shell/start" });
  const query = useQuery({ ...sourcesQuery, refetchInterval: 5_000 });
  const sources = (query.data ?? []).filter((each) => each.kind !== "import");
  const source = sources.find((each) => each.source_id === wanted) ?? sources[0] ?? null;
  const progress = useProgress(source);
  const done = [progress.source, progress.event, progress.catalog, progress.slate].filter(Boolean).length;
  const choose = (each: Source) => void navigate({ to: "/start", search: { source: each.source_id }, replace: true });
  return (
    <Page
      title={t("start.title")}
      question={t("start.question")}
      width="read"
      tools={
        <Button component={Link} to="/today" variant={done === 4 ? "filled" : "default"} rightSection={<IconArrowRight size={16} stroke={1.5} />}>
          {done === 4 ? t("start.open") : t("start.later")}
        </Button>
      }
    >
      {query.error && <ErrorState error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <TextSkeleton lines={6} />}
      {query.data && (
        <ol className={css.steps} aria-label={t("start.progress", { done, total: 4 })}>
          <Step number={1} title={t("start.source")} text={t("start.source_text")} done={progress.source} result={source?.name}>
            {may ? <MakeSource onMade={choose} /> : <p className={css.note}>{t("start.ask_marketer")}</p>}
          </Step>
          <Step number={2} title={t("start.event")} text={t("start.event_text")} done={progress.event} waits={!source} stays>
            {source && (
              <div className={css.stack}>
                {sources.length > 1 && (
                  <div className={css.choices}>
                    {sources.map((each) => (
                      <Button key={each.source_id} size="compact-sm" variant={each === source ? "light" : "subtle"} color={each === source ? "terracotta" : "gray"} onClick={() => choose(each)}>
                        {each.name}
                      </Button>
                    ))}
                  </div>
                )}
                <StackTabs key={source.source_id} source={source} />
                <ArrivalLine key={`arrival-${source.source_id}`} source={source} />
              </div>
            )}
          </Step>
          <Step number={3} title={t("start.catalog")} text={t("start.catalog_text")} done={progress.catalog} result={progress.items ? t("start.items", { count: progress.items }) : undefined}>
            <CatalogStep canDiscover={progress.event} />
          </Step>
          <Step number={4} title={t("start.slate")} text={t("start.slate_text")} done={progress.slate} waits={!progress.catalog} stays>
            {progress.catalog && <FirstSlate />}
          </Step>
        </ol>
      )}
    </Page>
  );
}
