import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useReason } from "../reasons/ReasonName";
import { TimeAgo } from "../shared";
import { deliveriesQuery } from "./queries";
import css from "./Waiting.module.css";

const WAITING_LOOK_MS = 2_000;

/** Whether anything came yet, and what became of it. */
export function Waiting({ hook_id }: { hook_id: string }) {
  const { t } = useTranslation("hooks");
  const reason = useReason();
  const { data: deliveries = [] } = useQuery({ ...deliveriesQuery(hook_id), refetchInterval: WAITING_LOOK_MS });
  const last = deliveries[0];
  if (!last) return <p className={css.line} role="status" data-state="waiting">{t("waiting.none")}</p>;
  if (last.status !== 200) return <p className={css.line} role="status" data-state="bad"><span>{t("waiting.refused", { status: last.status, reason: reason.sentence([last.code], last.reason) })}</span> <TimeAgo at={last.received_at} /></p>;
  if (last.failures.length > 0) return <p className={css.line} role="status" data-state="watch"><span>{t("waiting.failed")}</span> <TimeAgo at={last.received_at} /></p>;
  return <p className={css.line} role="status" data-state="good"><span>{t("waiting.came", { count: last.events })}</span> <TimeAgo at={last.received_at} /></p>;
}
