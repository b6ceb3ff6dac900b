import { Button } from "@mantine/core";
import { IconMapPinOff } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { EmptyState } from "./EmptyState";

/** No page lives at this address. */
export function Lost() {
  const { t } = useTranslation("shared");
  return (
    <EmptyState
      icon={<IconMapPinOff size={22} stroke={1.5} />}
      title={t("lost.title")}
      text={t("lost.text")}
      action={<Button component={Link} to="/today">{t("lost.home")}</Button>}
    />
  );
}
