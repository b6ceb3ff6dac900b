import { Tooltip } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useFormat } from "./format";
import type { LiveState, LiveStatus } from "./live";
import css from "./LiveDot.module.css";

/** Whether what you see is live, catching up, or stale since when. */
export function LiveDot({ status, words = true }: { status: LiveStatus; words?: boolean }) {
  const { t } = useTranslation("shared");
  const format = useFormat();
  const label: Record<LiveState, string> = {
    connecting: t("live.connecting"),
    live: t("live.live"),
    catching_up: t("live.catching_up"),
    stale: status.since === null ? t("live.no_connection") : t("live.stale", { since: format.clockSeconds(status.since) }),
  };
  return (
    <Tooltip label={status.since === null ? label[status.state] : t("live.last_message", { at: format.clockSeconds(status.since) })}>
      <span className={css.dot} data-state={status.state} role="status">
        <span className={css.light} aria-hidden />
        <span className={words ? css.word : "visually-hidden"}>{label[status.state]}</span>
      </span>
    </Tooltip>
  );
}
