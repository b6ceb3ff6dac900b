import { Tabs } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useMay } from "../session/session";
import { Page } from "../shared/Page";
import { AuditPanel } from "./AuditPanel";
import { MePanel } from "./MePanel";
import { PeoplePanel } from "./PeoplePanel";
import { type SettingsTab, settingsTabs } from "./route";
import { ShopPanel } from "./ShopPanel";

const PANELS: Record<SettingsTab, () => React.ReactNode> = { people: PeoplePanel, audit: AuditPanel, shop: ShopPanel, me: MePanel };

export function SettingsPage() {
  const { t } = useTranslation("settings");
  const admin = useMay("admin");
  const tabs = settingsTabs.filter((each) => admin || each === "shop" || each === "me");
  const { tab = tabs[0] } = useSearch({ from: "/shell/settings" });
  const navigate = useNavigate();
  const shown = tabs.find((each) => each === tab) ?? "me";
  return (
    <Page title={t("title")} question={t("question")}>
      <Tabs value={shown} keepMounted={false} onChange={(value) => void navigate({ to: "/settings", search: { tab: value as SettingsTab } })}>
        <Tabs.List mb={16}>
          {tabs.map((each) => (
            <Tabs.Tab key={each} value={each}>{t(`tab.${each}`)}</Tabs.Tab>
          ))}
        </Tabs.List>
        {tabs.map((each) => {
          const Panel = PANELS[each];
          return (
            <Tabs.Panel key={each} value={each}>
              <Panel />
            </Tabs.Panel>
          );
        })}
      </Tabs>
    </Page>
  );
}
