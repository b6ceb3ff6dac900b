import { useTranslation } from "react-i18next";
import { Page } from "../shared/Page";

export function CustomersPage() {
  const { t } = useTranslation("profiles");
  return <Page title={t("title")} question={t("question")} />;
}
