import { useTranslation } from "react-i18next";
import { Page } from "../shared/Page";

export function SourcesPage() {
  const { t } = useTranslation("sources");
  return <Page title={t("title")} />;
}
