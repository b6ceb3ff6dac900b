import { useTranslation } from "react-i18next";
import { Page } from "../shared/Page";

export function SlotsPage() {
  const { t } = useTranslation("recommend");
  return <Page title={t("title")} question={t("question")} />;
}
