import { Button } from "@mantine/core";
import { IconEye, IconHeart, IconId, IconLayoutGrid, IconPlayerPlay, IconPoint, IconSearch, IconShoppingBag, type TablerIcon } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { EmptyState, ErrorState, Section, TextSkeleton, useFormat } from "../shared";
import { get, type Page, type Source, type TimelineEntry } from "../shared/api";
import { profilePath } from "./queries";
import css from "./Story.module.css";
import { type Chapter, chapterOf, type Sitting, storyOf } from "./story-of";

const SIGNS: Record<Chapter, TablerIcon> = { seen: IconEye, played: IconPlayerPlay, bought: IconShoppingBag, liked: IconHeart, told: IconSearch, shown: IconLayoutGrid, who: IconId, other: IconPoint };
const PAGE = 60;
const SHOWN = 8; // of one sitting, until somebody wants them all

/** What happened, newest first, by day and by sitting; what they did and what we showed them in one line of time. */
export function Story({ customerId, onOpen }: { customerId: string; onOpen: (event_id: string) => void }) {
  const { t } = useTranslation("profiles");
  const format = useFormat();
  const timeline = useInfiniteQuery({
    queryKey: ["profiles", customerId, "timeline"],
    queryFn: ({ pageParam, signal }) => get<Page<TimelineEntry>>(profilePath(customerId, "/timeline"), { cursor: pageParam, limit: PAGE }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 1) === 1 ? 5_000 : false),
  });
  const sources = useQuery({ queryKey: ["sources"], queryFn: ({ signal }) => get<Source[]>("/v1/sources", undefined, signal) });
  const names = useMemo(() => new Map(sources.data?.map((source) => [source.source_id, source.name])), [sources.data]);
  const days = useMemo(() => storyOf(timeline.data?.pages.flatMap((page) => page.items) ?? []), [timeline.data]);
  if (timeline.isPending) return <Section><TextSkeleton lines={10} /></Section>;
  if (timeline.error && days.length === 0) return <ErrorState error={timeline.error} retry={() => void timeline.refetch()} />;
  if (days.length === 0) return <Section><EmptyState size="small" title={t("story.none")} text={t("story.none_text")} /></Section>;
  return (
    <Section>
      {days.map((day) => (
        <section key={`${day.day}${day.sittings[0]?.key}`} className={css.day}>
          <h3 className={css.date}><time dateTime={day.day}>{format.day(day.at)}</time></h3>
          <div className={css.sittings}>
            {day.sittings.map((sitting) => <SittingBlock key={sitting.key} sitting={sitting} names={names} onOpen={onOpen} />)}
          </div>
        </section>
      ))}
      {timeline.hasNextPage && <Button variant="default" mt="md" loading={timeline.isFetchingNextPage} onClick={() => void timeline.fetchNextPage()}>{t("story.older")}</Button>}
    </Section>
  );
}

interface SittingProps {
  sitting: Sitting;
  names: ReadonlyMap<string, string>;
  onOpen: (event_id: string) => void;
}

function SittingBlock({ sitting, names, onOpen }: SittingProps) {
  const { t } = useTranslation("profiles");
  const format = useFormat();
  const span_ms = new Date(sitting.to).getTime() - new Date(sitting.from).getTime();
  const [all, setAll] = useState(false);
  const shown = all || sitting.entries.length <= SHOWN + 2 ? sitting.entries : sitting.entries.slice(0, SHOWN);
  const from = names.get(sitting.entries[0]?.source_id ?? "");
  return (
    <div className={css.sitting}>
      <p className={css.head}>
        <span>{format.clock(sitting.from)}{span_ms >= 60_000 && `–${format.clock(sitting.to)}`}</span>
        <span>{t("story.facts", { count: sitting.entries.length })}</span>
        {from && <span>{from}</span>}
      </p>
      <ol className={css.entries}>{shown.map((entry) => <EntryRow key={entry.event_id} entry={entry} onOpen={onOpen} />)}</ol>
      {shown.length < sitting.entries.length && <Button variant="subtle" size="compact-sm" ml={26} onClick={() => setAll(true)}>{t("story.all", { count: sitting.entries.length - shown.length })}</Button>}
    </div>
  );
}

function EntryRow({ entry, onOpen }: { entry: TimelineEntry; onOpen: (event_id: string) => void }) {
  const format = useFormat();
  const chapter = chapterOf(entry.name);
  const Sign = SIGNS[chapter];
  return (
    <li>
      <button type="button" className={css.entry} data-chapter={chapter} onClick={() => onOpen(entry.event_id)}>
        <span className={css.sign}><Sign size={14} stroke={1.75} aria-hidden /></span>
        <span className={css.name}>{entry.name}</span>
        <span className={css.summary}>{entry.summary}</span>
        <time className={css.time} dateTime={entry.occurred_at}>{format.clock(entry.occurred_at)}</time>
      </button>
    </li>
  );
}
