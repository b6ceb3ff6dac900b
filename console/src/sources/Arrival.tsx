import { Button } from "@mantine/core";
import { IconCircleCheck, IconCircleX, IconSend } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Trans, useTranslation } from "react-i18next";
import { useReason } from "../reasons/ReasonName";
import type { Source } from "../shared/api";
import { LiveDot } from "../shared/LiveDot";
import { TimeAgo } from "../shared/TimeAgo";
import { tellProblem } from "../shared/toast";
import css from "./Arrival.module.css";
import { sendTrial, useArrival } from "./sources";

/** "Waiting for the first event…", and the moment it comes: "received Page 2 s ago". */
export function ArrivalLine({ source }: { source: Source }) {
  const { t } = useTranslation("sources");
  const { event, status } = useArrival(source.source_id);
  const trial = useMutation({ mutationFn: () => sendTrial(source.write_key), onError: tellProblem });
  const reason = useReason();
  const unnamed = useTranslation("events").t("unnamed");
  const refused = event?.outcome === "rejected";
  return (
    <div className={css.line} data-state={event ? (refused ? "refused" : "received") : "waiting"} aria-live="polite">
      {event === null && <span className={css.pulse} aria-hidden />}
      {event && !refused && <IconCircleCheck size={20} stroke={1.5} />}
      {event && refused && <IconCircleX size={20} stroke={1.5} />}
      <div className={css.words}>
        {event === null ? (
          <p>{t("arrival.waiting")}</p>
        ) : (
          <p>
            <Trans
              t={t}
              i18nKey={refused ? "arrival.refused" : "arrival.received"}
              values={{ name: event.name || unnamed }}
              components={{ name: <strong />, ago: <TimeAgo at={event.received_at} /> }}
            />{" "}
            {!refused && (
              <Link to="/events" search={{ source_id: source.source_id } as never}>{t("arrival.look")}</Link>
            )}
          </p>
        )}
        {refused && event?.reason && <p className={css.reason}>{reason.sentence(event.codes, event.reason)}</p>}
      </div>
      <LiveDot status={status} words={false} />
      <Button variant="default" size="compact-sm" leftSection={<IconSend size={14} stroke={1.5} />} loading={trial.isPending} disabled={!source.enabled} onClick={() => trial.mutate()}>
        {t("arrival.trial")}
      </Button>
    </div>
  );
}
