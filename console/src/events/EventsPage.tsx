import { Button } from "@mantine/core";
import { IconAlertTriangle, IconBroadcast, IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { DataTable, EmptyState, ErrorState, Page, Section, type TableColumn, TableSkeleton, useFormat, useLive } from "../shared";
import { address, get, type LiveEvent, type Page as PageOf } from "../shared/api";
import { useShortcuts } from "../shared/shortcuts";
import { useReason } from "../reasons/ReasonName";
import { EventDrawer } from "./EventDrawer";
import css from "./EventsPage.module.css";
import { Filters } from "./Filters";
import { OutcomeBadge } from "./OutcomeBadge";
import { EventsTabs } from "./Tabs";
import { type EventFilters, type EventsSearch, filtersOf, keyOf, withNews } from "./search";

const KEPT = 2_000; // rows held while the stream runs
const PAGE = 100;

export function EventsPage() {
  const { t } = useTranslation("events");
  const search = useSearch({ from: "/shell/events" });
  const navigate = useNavigate({ from: "/events" });
  const filters = filtersOf(search);
  const key = JSON.stringify(filters);
  const [paused, setPaused] = useState(false);
  const [flow, setFlow] = useState<{ key: string; shown: LiveEvent[]; waiting: LiveEvent[] }>({ key, shown: [], waiting: [] });
  const mine = flow.key === key ? flow : { key, shown: [], waiting: [] };
  const live = useLive<LiveEvent>(address("/v1/events/live", { ...filters }), {
    event: "event",
    onMessage: (news) =>
      setFlow((before) => {
        const now = before.key === key ? before : { key, shown: [], waiting: [] };
        return paused ? { ...now, waiting: withNews(now.waiting, [news], KEPT) } : { ...now, shown: withNews(now.shown, [news], KEPT) };
      }),
  });
  const setSearch = useCallback((change: Partial<EventsSearch>) => void navigate({ search: (before) => ({ ...before, ...change }), replace: true }), [navigate]);
  const resume = () => {
    setPaused(false);
    setFlow({ key, shown: withNews(mine.shown, mine.waiting, KEPT), waiting: [] });
  };
  const toggle = paused ? resume : () => setPaused(true);
  useShortcuts([{ keys: "p", words: paused ? t("resume") : t("pause"), run: toggle }]);
  return (
    <Page
      title={t("title")}
      question={t("question")}
      live={live}
      tools={
        <Button variant="default" leftSection={paused ? <IconPlayerPlay size={16} stroke={1.5} /> : <IconPlayerPause size={16} stroke={1.5} />} onClick={toggle} aria-pressed={paused}>
          {paused ? t("resume_n", { count: mine.waiting.length }) : t("pause")}
        </Button>
      }
    >
      <EventsTabs now="stream" />
      <Filters search={search} onChange={setSearch} />
      <Section flush>
        <EventList filters={filters} news={mine.shown} open={search.event ?? null} onOpen={(event) => setSearch({ event: event.event_id })} onClear={() => void navigate({ search: {} })} />
      </Section>
      {search.event && <EventDrawer event_id={search.event} onClose={() => setSearch({ event: undefined })} />}
    </Page>
  );
}

interface EventListProps {
  filters: EventFilters;
  news: readonly LiveEvent[];
  open: string | null;
  onOpen: (event: LiveEvent) => void;
  onClear: () => void;
}

function EventList({ filters, news, open, onOpen, onClear }: EventListProps) {
  const { t } = useTranslation("events");
  const recent = useInfiniteQuery({
    queryKey: ["events", "recent", filters],
    queryFn: ({ pageParam, signal }) => get<PageOf<LiveEvent>>("/v1/events/recent", { ...filters, limit: PAGE, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    staleTime: Infinity, // what is newer comes by the stream
    gcTime: 0,
  });
  const rows = useMemo(() => withNews(recent.data?.pages.flatMap((page) => page.items) ?? [], news, KEPT * 2), [recent.data, news]);
  const columns = useColumns();
  if (recent.isPending) return <TableSkeleton rows={14} columns={5} />;
  if (recent.error && rows.length === 0) return <ErrorState error={recent.error} retry={() => void recent.refetch()} />;
  const filtered = Object.values(filters).some(Boolean);
  return (
    <DataTable
      label={t("title")}
      columns={columns}
      rows={rows}
      rowKey={keyOf}
      onOpen={onOpen}
      openKey={rows.find((row) => row.event_id === open) ? keyOf(rows.find((row) => row.event_id === open) as LiveEvent) : null}
      height="max(420px, calc(100dvh - 280px))"
      foot={
        <>
          <span>{t("rows", { count: rows.length })}</span>
          {recent.hasNextPage && (
            <Button variant="subtle" size="compact-sm" loading={recent.isFetchingNextPage} onClick={() => void recent.fetchNextPage()}>{t("older")}</Button>
          )}
        </>
      }
      empty={
        <EmptyState
          icon={<IconBroadcast size={22} stroke={1.5} />}
          title={filtered ? t("empty.filtered") : t("empty.title")}
          text={filtered ? t("empty.filtered_text") : t("empty.text")}
          action={filtered ? <Button variant="default" onClick={onClear}>{t("empty.clear")}</Button> : <Button component={Link} to="/sources">{t("empty.action")}</Button>}
        />
      }
    />
  );
}

function useColumns(): TableColumn<LiveEvent>[] {
  const { t } = useTranslation("events");
  const format = useFormat();
  const reason = useReason();
  return useMemo<TableColumn<LiveEvent>[]>(
    () => [
      { key: "received_at", title: t("column.received"), width: 72, value: (row) => row.received_at, cell: (row) => <time dateTime={row.received_at} className={css.time}>{format.clockSeconds(row.received_at)}</time> },
      { key: "outcome", title: t("column.outcome"), width: 94, value: (row) => row.outcome, cell: (row) => <OutcomeBadge outcome={row.outcome} /> },
      { key: "name", title: t("column.name"), width: 124, value: (row) => row.name, cell: (row) => <span className={css.name}>{row.name || t("unnamed")}{row.requests > 1 && <span className={css.times}> ×{format.number(row.requests)}</span>}</span> },
      { key: "summary", title: t("column.summary"), width: 240, hideBelow: 720, value: (row) => reason.sentence(row.codes, row.reason) || row.summary,
        cell: (row) => (
          <span className={css.summary} data-reason={row.outcome === "rejected" || undefined}>
            {row.warning && <IconAlertTriangle className={css.warning} size={14} stroke={1.5} aria-label={t("verdict.warning")} title={reason.sentence(["plan_violation"], row.warning)} />}
            {row.outcome === "rejected" ? reason.sentence(row.codes, row.reason) : row.summary}
          </span>
        ),
      },
      {
        key: "customer", title: t("column.customer"), width: 150, hideBelow: 560, value: (row) => row.user_id ?? row.anonymous_id,
        cell: (row) =>
          row.customer_id ? (
            <Link to="/profiles/$customerId" params={{ customerId: row.customer_id }} className={css.who} onClick={(event) => event.stopPropagation()}>{row.user_id ?? row.anonymous_id}</Link>
          ) : (
            <span className={css.nobody}>{row.user_id ?? row.anonymous_id ?? "–"}</span>
          ),
      },
      { key: "source", title: t("column.source"), width: 120, hideBelow: 960, value: (row) => row.source_name },
    ],
    [t, format, reason],
  );
}
