import { Tabs } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useMay } from "../session/session";
import { Page } from "../shared";
import { BackupsPanel } from "./BackupsPanel";
import { LogPanel } from "./LogPanel";
import { RebuildPanel } from "./RebuildPanel";
import { ReplayPanel } from "./ReplayPanel";
import { type LogTab, logTabs } from "./route";

const PANELS: Record<LogTab, () => React.ReactNode> = { log: LogPanel, replay: ReplayPanel, rebuild: RebuildPanel, backups: BackupsPanel };

export function LogPage() {
  const { t } = useTranslation("log");
  const admin = useMay("admin");
  const tabs = logTabs.filter((each) => admin || each === "log");
  const { tab } = useSearch({ from: "/shell/log" });
  const navigate = useNavigate();
  const shown = tabs.find((each) => each === tab) ?? "log";
  const Panel = PANELS[shown];
  return (
    <Page title={t("title")} question={t("question")}>
      <Tabs value={shown} keepMounted={false} onChange={(value) => void navigate({ to: "/log", search: { tab: value as LogTab } })}>
        <Tabs.List mb={16}>
          {tabs.map((each) => (
            <Tabs.Tab key={each} value={each}>{t(`tab.${each}`)}</Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={shown}>
          <Panel />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
