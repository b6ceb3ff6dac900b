import { useTranslation } from "react-i18next";
import { Page } from "../shared/Page";

export function LoginPage() {
  const { t } = useTranslation("session");
  return <Page title={t("title")} />;
}
