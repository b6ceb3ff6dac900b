import { ActionIcon, Indicator } from "@mantine/core";
import { IconBell } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { raisedQuery } from "./queries";

/** How many alerts last, in the header. */
export function AlertsIndicator() {
  const { t } = useTranslation("alerts");
  const { data } = useQuery(raisedQuery);
  const lasting = data?.items.length ?? 0;
  return (
    <Indicator disabled={lasting === 0} label={lasting} size={16} color="red" offset={6}>
      <ActionIcon component={Link} to="/events/alerts" aria-label={lasting > 0 ? t("indicator.some", { count: lasting }) : t("indicator.none")}>
        <IconBell size={18} stroke={1.5} />
      </ActionIcon>
    </Indicator>
  );
}
