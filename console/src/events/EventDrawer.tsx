import { Button } from "@mantine/core";
import { IconUser } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { CopyButton, CopyText, Drawer, ErrorState, TextSkeleton, useFormat } from "../shared";
import { type EventDetail, get } from "../shared/api";
import { changedPaths, linesOf } from "./changes";
import css from "./EventDrawer.module.css";
import { EventVerdict } from "./EventVerdict";
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
  const { live, request } = detail;
  return (
    <div className={css.detail}>
      <div className={css.top}>
        <OutcomeBadge outcome={live.outcome} />
        {live.reason && <p className={css.reason}>{live.reason}</p>}
        {live.customer_id && (
          <Button component={Link} to={`/profiles/${live.customer_id}`} variant="default" size="xs" leftSection={<IconUser size={14} stroke={1.5} />}>{t("drawer.customer")}</Button>
        )}
      </div>
      <EventVerdict detail={detail} />
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
        <JsonView title={t("drawer.sent")} hint={t("drawer.sent_hint")} value={sent} text={detail.raw} marked={changed} />
      </div>
    </div>
  );
}

/** What was sent, as a value where it is JSON and as the bare text where it is not. */
function parsed(raw: string): unknown {
  try {
    return JSON.parse(raw) as unknown;
  } catch {
    return raw;
  }
}

interface JsonViewProps {
  title: string;
  hint: string;
  value: unknown;
  /** What is copied, when that is not the value written out. */
  text?: string;
  marked: ReadonlySet<string>;
}

function JsonView({ title, hint, value, text = JSON.stringify(value, null, 2), marked }: JsonViewProps) {
  return (
    <section className={css.side}>
      <header className={css.sideHead}>
        <div>
          <h3>{title}</h3>
          <p>{hint}</p>
        </div>
        {value !== null && value !== undefined && <CopyButton text={text} />}
      </header>
      <pre className={css.json} tabIndex={0} aria-label={title}>
        {typeof value === "string" ? value : value === null || value === undefined ? "" : linesOf(value).map((line, at) => (
          <span key={at} className={css.line} data-marked={(marked.has(line.path) && line.kind !== "bracket") || undefined} style={{ paddingInlineStart: 12 + line.depth * 14 }}>
            {line.name !== null && <span className={css.key}>{line.name}: </span>}
            <span data-kind={line.kind}>{line.text}</span>
          </span>
        ))}
      </pre>
    </section>
  );
}
