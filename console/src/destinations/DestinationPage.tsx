import { Anchor, Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { ChartSkeleton, ErrorState, FiguresSkeleton, Page, Section, TableSkeleton, useFormat } from "../shared";
import type { Destination } from "../shared/api";
import { Actions } from "./Actions";
import { Deliveries } from "./Deliveries";
import { Hours } from "./Hours";
import { Letters } from "./Letters";
import { Picture } from "./Picture";
import { destinationQuery } from "./queries";
import { Runs } from "./Runs";
import type { DestinationSearch, Tab } from "./search";
import { SetUp } from "./SetUp";

/** The tabs that mean something for what a destination is fed with. */
const tabsOf = ({ feed }: Destination): Tab[] => (feed === "events" ? ["deliveries", "letters", "setup"] : feed === "hours" ? ["hours", "deliveries", "setup"] : ["runs", "deliveries", "setup"]);

export function DestinationPage() {
  const { t } = useTranslation("destinations");
  const format = useFormat();
  const { destinationId } = useParams({ from: "/shell/destinations/$destinationId" });
  const search = useSearch({ from: "/shell/destinations/$destinationId" });
  const navigate = useNavigate({ from: "/destinations/$destinationId" });
  const query = useQuery(destinationQuery(destinationId));
  const change = (next: Partial<DestinationSearch>) => void navigate({ search: (before) => ({ ...before, ...next }), replace: true });
  const found = query.data;
  if (query.error && !found) {
    return (
      <Page title={t("title")} question={t("question")}>
        <ErrorState error={query.error} retry={() => void query.refetch()} />
        <Anchor component={Link} to="/destinations">{t("one.missing")}</Anchor>
      </Page>
    );
  }
  if (!found) return <Waiting />;
  const tabs = tabsOf(found);
  const tab = search.tab && tabs.includes(search.tab) ? search.tab : (tabs[0] ?? "deliveries");
  return (
    <Page title={found.name} question={t("one.question")} tools={<Actions destination={found} />}>
      <Section flush><Picture destination={found} range={search.range ?? 24} onChange={change} /></Section>
      <Tabs value={tab} keepMounted={false} onChange={(next) => change({ tab: next as Tab, outcome: undefined, from: undefined, to: undefined })}>
        <Tabs.List mb={16}>
          {tabs.map((each) => <Tabs.Tab key={each} value={each}>{t(`tab.${each}`)}{each === "letters" && found.health.dead_letters > 0 ? ` · ${format.number(found.health.dead_letters)}` : ""}</Tabs.Tab>)}
        </Tabs.List>
        <Tabs.Panel value="deliveries"><Deliveries destination={found} search={search} onChange={change} /></Tabs.Panel>
        <Tabs.Panel value="letters"><Letters destination={found} /></Tabs.Panel>
        <Tabs.Panel value="hours"><Hours destination={found} /></Tabs.Panel>
        <Tabs.Panel value="runs"><Runs destination={found} /></Tabs.Panel>
        <Tabs.Panel value="setup"><SetUp destination={found} /></Tabs.Panel>
      </Tabs>
    </Page>
  );
}

function Waiting() {
  const { t } = useTranslation("destinations");
  return (
    <Page title={t("title")} question={t("one.question")}>
      <Section><FiguresSkeleton /><ChartSkeleton height={200} /></Section>
      <Section flush><TableSkeleton rows={6} /></Section>
    </Page>
  );
}
