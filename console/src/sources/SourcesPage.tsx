import { Button, Tabs } from "@mantine/core";
import { IconFileImport, IconWebhook } from "@tabler/icons-react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Page } from "../shared/Page";
import { KeysPanel } from "./KeysPanel";
import { SourcesPanel } from "./SourcesPanel";

export function SourcesPage() {
  const { t } = useTranslation("sources");
  const { tab = "sources" } = useSearch({ from: "/shell/sources" });
  const navigate = useNavigate();
  return (
    <Page title={t("title")} question={t("question")} tools={<><Button variant="default" leftSection={<IconFileImport size={16} stroke={1.5} />} onClick={() => void navigate({ to: "/imports", search: {} })}>{t("import_history")}</Button><Button variant="default" leftSection={<IconWebhook size={16} stroke={1.5} />} onClick={() => void navigate({ to: "/hooks", search: {} })}>{t("hooks")}</Button></>}>
      <Tabs value={tab} keepMounted={false} onChange={(value) => void navigate({ to: "/sources", search: value === "keys" ? { tab: "keys" } : {} })}>
        <Tabs.List mb={16}>
          <Tabs.Tab value="sources">{t("tab.sources")}</Tabs.Tab>
          <Tabs.Tab value="keys">{t("tab.keys")}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="sources">
          <SourcesPanel />
        </Tabs.Panel>
        <Tabs.Panel value="keys">
          <KeysPanel />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
