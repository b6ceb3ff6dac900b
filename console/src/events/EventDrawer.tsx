import { Button } from "@mantine/core";
import { IconUser } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { CopyText, Drawer, ErrorState, TextSkeleton, useFormat } from "../shared";
import { type EventDetail, get } from "../shared/api";
import { useReason } from "../reasons/ReasonName";
import { changedPaths } from "./changes";
import css from "./EventDrawer.module.css";
import { EventVerdict } from "./EventVerdict";
import { JsonView, parsed } from "./JsonView";
import { OutcomeBadge } from "./OutcomeBadge";

const eventQuery = (event_id: string) => ({
  queryKey: ["events", "one", event_id],
  queryFn: ({ signal }: { signal: AbortSignal }) => get<EventDetail>(`/v1/events/${encodeURIComponent(event_id)}`, undefined, signal),
  staleTime: Infinity,
});

/** One fact: as we keep it beside as it was sent, and the request that brought it. */
export function EventDrawer({ event_id, onClose }: { event_id: string; onClose: () => void }) {
  const { t } = useTranslation("events");
  const detail = useQuery(eventQuery(event_id));
  return (
    <Drawer title={detail.data?.live.name || t("drawer.event")} subtitle={<CopyText text={event_id} />} onClose={onClose} width={920}>
      {detail.isPending && <TextSkeleton lines={12} />}
      {detail.error && <ErrorState error={detail.error} retry={() => void detail.refetch()} />}
      {detail.data && <Detail detail={detail.data} />}
    </Drawer>
  );
}

function Detail({ detail }: { detail: EventDetail }) {
  const { t } = useTranslation("events");
  const format = useFormat();
  const sent = parsed(detail.raw);
  const changed = changedPaths(sent, detail.event);
  const reason = useReason();
  const { live, request } = detail;
  return (
    <div className={css.detail}>
      <div className={css.top}>
        <OutcomeBadge outcome={live.outcome} />
        {live.reason && <p className={css.reason}>{reason.sentence(live.codes, live.reason)}</p>}
        {live.customer_id && (
          <Button component={Link} to={`/profiles/${live.customer_id}`} variant="default" size="xs" leftSection={<IconUser size={14} stroke={1.5} />}>{t("drawer.customer")}</Button>
        )}
      </div>
      <EventVerdict detail={detail} />
      {live.codes.length > 0 && (
        <ul className={css.reasons}>
          {live.codes.map((code) => (
            <li key={code}><strong>{reason.title(code)}</strong> {reason.todo(code)}</li>
          ))}
        </ul>
      )}
      {request.kept !== "whole" && (
        <p className={css.kept}>{request.kept === "count" ? t("drawer.count_only", { count: request.requests, events: format.number(request.events) }) : t("drawer.head_only", { size: format.bytes(request.body_bytes) })}</p>
      )}
      <dl className={css.request}>
        <dt>{t("drawer.received")}</dt>
        <dd>{request.received_at ? format.moment(request.received_at) : "–"}</dd>
        <dt>{t("drawer.path")}</dt>
        <dd><code>{request.path || "–"}</code></dd>
        <dt>{t("drawer.ip")}</dt>
        <dd>{request.ip || "–"}</dd>
        <dt>{t("drawer.agent")}</dt>
        <dd>{request.user_agent || "–"}</dd>
      </dl>
      <div className={css.sides}>
        <JsonView title={t("drawer.kept")} hint={detail.event ? t("drawer.changed", { count: changed.size }) : t("drawer.nothing_kept")} value={detail.event} marked={changed} />
        <JsonView title={t("drawer.sent")} hint={t(detail.personal.some((each) => each.action !== "keep") ? "drawer.sent_hint_personal" : "drawer.sent_hint")} value={sent} text={detail.raw} marked={changed} />
      </div>
    </div>
  );
}
