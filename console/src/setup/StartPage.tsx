import { useTranslation } from "react-i18next";
import { Page } from "../shared/Page";

export function StartPage() {
  const { t } = useTranslation("setup");
  return <Page title={t("title")} />;
}
