import { Tabs } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import css from "./Tabs.module.css";

export type EventsTab = "stream" | "rejected" | "letters" | "alerts";

const PAGES = { stream: "/events", rejected: "/events/rejected", letters: "/events/letters", alerts: "/events/alerts" } as const;

/** The four rooms of the live events, each with an address of its own. */
export function EventsTabs({ now }: { now: EventsTab }) {
  const { t } = useTranslation("events");
  const navigate = useNavigate();
  return (
    <Tabs value={now} onChange={(value) => void navigate({ to: PAGES[(value ?? "stream") as EventsTab] })} className={css.tabs}>
      <Tabs.List className={css.list} aria-label={t("tab.label")}>
        {(Object.keys(PAGES) as EventsTab[]).map((tab) => (
          <Tabs.Tab key={tab} value={tab}>{t(`tab.${tab}`)}</Tabs.Tab>
        ))}
      </Tabs.List>
    </Tabs>
  );
}
