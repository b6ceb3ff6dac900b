import { Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { EventDrawer } from "../events/EventDrawer";
import { WhatNow } from "../recommend/WhatNow";
import { ChartSkeleton, ErrorState, Page, Section, TextSkeleton } from "../shared";
import css from "./CustomerPage.module.css";
import { IdentityTab } from "./IdentityTab";
import { Known } from "./Known";
import { Portrait } from "./Portrait";
import { profileQuery } from "./queries";
import { type CustomerSearch, TABS, type Tab } from "./search";
import { Story } from "./Story";
import { Taste } from "./Taste";

export function CustomerPage() {
  const { t } = useTranslation("profiles");
  const { customerId } = useParams({ from: "/shell/profiles/$customerId" });
  const search = useSearch({ from: "/shell/profiles/$customerId" });
  const navigate = useNavigate({ from: "/profiles/$customerId" });
  const profile = useQuery(profileQuery(customerId));
  const change = (next: Partial<CustomerSearch>) => void navigate({ search: (before) => ({ ...before, ...next }), replace: true });
  const openEvent = (event: string) => change({ event });
  if (profile.error && !profile.data) return <Page title={t("title")} question={t("question")}><ErrorState error={profile.error} retry={() => void profile.refetch()} /></Page>;
  if (!profile.data) return <Waiting />;
  return (
    <Page title={profile.data.name} question={t("question")}>
      <Portrait profile={profile.data} />
      <div className={css.pair}>
        <Taste affinities={profile.data.affinities} />
        <WhatNow customerId={customerId} />
      </div>
      <Tabs value={search.tab ?? "story"} onChange={(tab) => change({ tab: tab === "story" ? undefined : (tab as Tab), event: undefined })} keepMounted={false}>
        <Tabs.List>{TABS.map((tab) => <Tabs.Tab key={tab} value={tab}>{t(`tab.${tab}`)}</Tabs.Tab>)}</Tabs.List>
        <Tabs.Panel value="story" pt="md"><Story customerId={customerId} onOpen={openEvent} /></Tabs.Panel>
        <Tabs.Panel value="identity" pt="md"><IdentityTab customerId={customerId} onOpen={openEvent} /></Tabs.Panel>
        <Tabs.Panel value="known" pt="md"><Known profile={profile.data} /></Tabs.Panel>
      </Tabs>
      {search.event && <EventDrawer event_id={search.event} onClose={() => change({ event: undefined })} />}
    </Page>
  );
}

function Waiting() {
  const { t } = useTranslation("profiles");
  return (
    <Page title={t("title")} question={t("question")}>
      <Section><TextSkeleton lines={2} /></Section>
      <div className={css.pair}>
        <Section><ChartSkeleton height={340} /></Section>
        <Section><ChartSkeleton height={340} /></Section>
      </div>
      <Section><TextSkeleton lines={8} /></Section>
    </Page>
  );
}
