import { Button } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconBellRinging } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useLocation } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useMay } from "../session/session";
import { tellProblem, TimeAgo } from "../shared";
import css from "./AlertBanner.module.css";
import { acknowledge, raisedQuery } from "./queries";
import { useAlertWords } from "./words";

const SHOWN = 2;
const SHOWN_NARROW = 1; // on a phone the page itself must still be seen

/** What is wrong and nobody looks after yet: above every page until somebody says so, or it is over. */
export function AlertBanner() {
  const { t } = useTranslation("alerts");
  const words = useAlertWords();
  const client = useQueryClient();
  const may = useMay("marketer");
  const at = useLocation({ select: (location) => location.pathname });
  const raised = useQuery(raisedQuery);
  const shown = useMediaQuery("(max-width: 720px)") ? SHOWN_NARROW : SHOWN;
  const open = (raised.data?.items ?? []).filter((alert) => !alert.acknowledged_at);
  if (open.length === 0 || at === "/events/alerts") return null; // that page says it itself
  const see = (alert_id: string) => void acknowledge(alert_id).then(() => client.invalidateQueries({ queryKey: ["alerts"] }), tellProblem);
  return (
    <ul className={css.banner} role="status" aria-label={t("banner.label")}>
      {open.slice(0, shown).map((alert) => (
        <li key={alert.alert_id}>
          <IconBellRinging size={18} stroke={1.5} aria-hidden />
          <Link to="/events/rejected" search={{ outcome: alert.rule.outcome, source_id: alert.rule.source_id ?? undefined, span: alert.rule.window_minutes > 60 ? "24h" : "1h" }} className={css.words}>{words.alert(alert)}</Link>
          <span className={css.since}><TimeAgo at={alert.raised_at} /></span>
          {may && <Button variant="default" size="compact-sm" onClick={() => see(alert.alert_id)}>{t("acknowledge")}</Button>}
        </li>
      ))}
      {open.length > shown && <li className={css.more}><Link to="/events/alerts" className={css.words}>{t("banner.more", { count: open.length - shown })}</Link></li>}
    </ul>
  );
}
