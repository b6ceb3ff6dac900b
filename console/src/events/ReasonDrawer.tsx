import { Button } from "@mantine/core";
import { IconArrowRight } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useReason } from "../reasons/ReasonName";
import { CopyText, Drawer, ErrorState, Section, TextSkeleton, TimeAgo, useFormat } from "../shared";
import { get, type Letter, type LiveEvent, type Page as PageOf, type ReasonCount } from "../shared/api";
import css from "./ReasonDrawer.module.css";

const SHOWN = 8;

/** One reason of one source: what it means, what would be right, and the newest that met it. */
export function ReasonDrawer({ row, onClose }: { row: ReasonCount; onClose: () => void }) {
  const { t } = useTranslation("events");
  const format = useFormat();
  const reason = useReason();
  const hasLetters = (row.outcome === "rejected" && row.source_id !== "") || row.reason === "content_differs";
  return (
    <Drawer title={reason.title(row.reason)} subtitle={<CopyText text={row.reason} />} onClose={onClose} width={640}>
      <div className={css.parts}>
        <p className={css.means}>{reason.means(row.reason)}</p>
        {reason.todo(row.reason) && <p className={css.todo}><strong>{t("rejected.todo")}</strong> {reason.todo(row.reason)}</p>}
        <p className={css.count}>
          {t("rejected.counted", { count: row.events, formatted: format.number(row.events), source: row.source_name || t("rejected.stranger") })} <TimeAgo at={row.last_at} />
        </p>
        {row.names.length > 0 && <p className={css.names}>{format.list(row.names)}</p>}
        {hasLetters ? <Letters row={row} /> : <Newest row={row} />}
      </div>
    </Drawer>
  );
}

function Letters({ row }: { row: ReasonCount }) {
  const { t } = useTranslation("events");
  const reason = useReason();
  const filters = { code: row.reason, source_id: row.source_id || undefined };
  const letters = useQuery({
    queryKey: ["letters", "newest", filters],
    queryFn: ({ signal }) => get<PageOf<Letter>>("/v1/letters", { ...filters, limit: SHOWN }, signal),
  });
  const navigate = useNavigate();
  const open = <Button variant="default" size="xs" rightSection={<IconArrowRight size={14} stroke={1.5} />} onClick={() => void navigate({ to: "/events/letters", search: filters })}>{t("rejected.all_letters")}</Button>;
  return (
    <Section title={t("rejected.newest")} tools={letters.data && letters.data.items.length > 0 && open}>
      {letters.isPending && <TextSkeleton lines={5} />}
      {letters.error && <ErrorState error={letters.error} size="small" retry={() => void letters.refetch()} />}
      {letters.data && letters.data.items.length === 0 && <p className={css.none}>{t("rejected.no_letters")}</p>}
      <ul className={css.rows}>
        {letters.data?.items.map((letter) => (
          <li key={letter.letter_id}>
            <Link to="/events/letters" search={{ ...filters, letter: letter.letter_id }} className={css.row}>
              <span className={css.name}>{letter.name || t("unnamed")}</span>
              <span className={css.sentence}>{reason.sentence([letter.code], letter.reason)}</span>
              <TimeAgo at={letter.received_at} />
            </Link>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Newest({ row }: { row: ReasonCount }) {
  const { t } = useTranslation("events");
  const reason = useReason();
  const navigate = useNavigate();
  const filters = { reason: row.reason, outcome: row.outcome, source_id: row.source_id || undefined };
  const newest = useQuery({
    queryKey: ["events", "recent", "newest", filters],
    queryFn: ({ signal }) => get<PageOf<LiveEvent>>("/v1/events/recent", { ...filters, limit: SHOWN }, signal),
  });
  return (
    <Section title={t("rejected.newest")} tools={<Button variant="default" size="xs" rightSection={<IconArrowRight size={14} stroke={1.5} />} onClick={() => void navigate({ to: "/events", search: filters })}>{t("rejected.all_events")}</Button>}>
      {newest.isPending && <TextSkeleton lines={5} />}
      {newest.error && <ErrorState error={newest.error} size="small" retry={() => void newest.refetch()} />}
      {newest.data && newest.data.items.length === 0 && <p className={css.none}>{t("rejected.no_events")}</p>}
      <ul className={css.rows}>
        {newest.data?.items.map((event) => (
          <li key={`${event.event_id}|${event.received_at}`}>
            <Link to="/events" search={{ ...filters, event: event.event_id }} className={css.row}>
              <span className={css.name}>{event.name || t("unnamed")}{event.requests > 1 && ` ×${event.requests}`}</span>
              <span className={css.sentence}>{reason.sentence(event.codes, event.reason)}</span>
              <TimeAgo at={event.received_at} />
            </Link>
          </li>
        ))}
      </ul>
    </Section>
  );
}
