import { useTranslation } from "react-i18next";
import { Page } from "../shared/Page";

export function CatalogPage() {
  const { t } = useTranslation("catalog");
  return <Page title={t("title")} question={t("question")} />;
}
