import { useTranslation } from "react-i18next";
import { Page } from "../shared/Page";

export function WelcomePage() {
  const { t } = useTranslation("setup");
  return <Page title={t("title")} />;
}
