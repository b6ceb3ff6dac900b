import { Button } from "@mantine/core";
import { IconPlugConnected } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { ChartSkeleton, EmptyState, ErrorState, FiguresSkeleton, Page, Section, TableSkeleton, useLive } from "../shared";
import { get, type Today } from "../shared/api";
import { Arrivals } from "./Arrivals";
import { CustomersNow } from "./CustomersNow";
import { Loop } from "./Loop";
import { Outcomes } from "./Outcomes";
import { Rising } from "./Rising";
import css from "./TodayPage.module.css";
import { Traffic } from "./Traffic";
import { Troubles } from "./Troubles";

const STALE_MS = 5_000; // the stream speaks every second
const PULSE_S = 60;

export const todayQuery = { queryKey: ["today"], queryFn: ({ signal }: { signal: AbortSignal }) => get<Today>("/v1/today", undefined, signal) };

export function TodayPage() {
  const { t } = useTranslation("today");
  const client = useQueryClient();
  const today = useQuery(todayQuery);
  const [pulse, setPulse] = useState<number[]>([]);
  const last = useRef("");
  const live = useLive<Today>("/v1/today/live", {
    event: "today",
    stale_after_ms: STALE_MS,
    onMessage: (news) => {
      client.setQueryData(todayQuery.queryKey, news);
      if (news.at === last.current) return;
      last.current = news.at;
      setPulse((values) => [...values, news.rate_per_s].slice(-PULSE_S));
    },
  });
  return (
    <Page title={t("title")} question={t("question")} live={live}>
      {today.data ? <Answer today={today.data} pulse={pulse} /> : today.error ? <ErrorState error={today.error} retry={() => void today.refetch()} /> : <Waiting />}
    </Page>
  );
}

function Answer({ today, pulse }: { today: Today; pulse: readonly number[] }) {
  const { t } = useTranslation("today");
  const nothing = today.series.length === 0 && Object.values(today.outcomes).every((count) => count === 0);
  if (nothing) {
    return (
      <>
        <Troubles troubles={today.troubles} />
        <Section>
          <EmptyState
            icon={<IconPlugConnected size={22} stroke={1.5} />}
            title={t("empty.title")}
            text={t("empty.text")}
            action={<Button component={Link} to="/sources">{t("empty.action")}</Button>}
          />
        </Section>
        <Loop loop={today.loop} />
      </>
    );
  }
  return (
    <>
      <Troubles troubles={today.troubles} />
      <Section flush>
        <Traffic today={today} pulse={pulse} />
        <Outcomes today={today} />
      </Section>
      <div className={css.pair}>
        <CustomersNow today={today} />
        <Rising today={today} />
      </div>
      <Arrivals today={today} />
      <Loop loop={today.loop} />
    </>
  );
}

function Waiting() {
  return (
    <>
      <Section>
        <ChartSkeleton height={220} />
        <FiguresSkeleton count={4} />
      </Section>
      <div className={css.pair}>
        <Section><ChartSkeleton height={260} /></Section>
        <Section><TableSkeleton rows={6} columns={3} /></Section>
      </div>
      <Section><ChartSkeleton height={72} /></Section>
    </>
  );
}
