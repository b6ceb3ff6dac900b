import { useTranslation } from "react-i18next";
import { Page } from "../shared/Page";

export function EventsPage() {
  const { t } = useTranslation("events");
  return <Page title={t("title")} question={t("question")} />;
}
