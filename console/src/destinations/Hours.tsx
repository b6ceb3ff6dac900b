import { Button, TextInput } from "@mantine/core";
import { IconClock } from "@tabler/icons-react";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../session/session";
import { DataTable, EmptyState, ErrorState, FormProblem, Section, type TableColumn, TableSkeleton, tell, TimeAgo, useFormat } from "../shared";
import { type Destination, type HourOfDestination, post } from "../shared/api";
import css from "./Lists.module.css";
import { More } from "./More";
import { ALL, hoursQuery } from "./queries";

/** Which hours are whole over there, and the way to have those of before. */
export function Hours({ destination }: { destination: Destination }) {
  const { t } = useTranslation("destinations");
  const may = useMay("admin");
  const query = useInfiniteQuery(hoursQuery(destination.destination_id));
  const columns = useColumns();
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <div className={css.stack}>
      <Section flush>
        {query.isPending && <TableSkeleton rows={6} />}
        {query.error && !query.data && <ErrorState size="small" error={query.error} retry={() => void query.refetch()} />}
        {query.data && (
          <DataTable
            label={t("tab.hours")} columns={columns} rows={rows} rowKey={(each) => each.hour}
            empty={<EmptyState size="small" icon={<IconClock size={22} stroke={1.5} />} title={t("hours.empty")} />}
            foot={query.hasNextPage ? <More query={query} /> : undefined}
          />
        )}
      </Section>
      {may && <Section title={t("hours.backfill")} hint={t("hours.backfill_text")}><Backfill destination={destination} /></Section>}
    </div>
  );
}

function Backfill({ destination }: { destination: Destination }) {
  const { t } = useTranslation("destinations");
  const client = useQueryClient();
  const [from, setFrom] = useState("");
  const [to, setTo] = useState(destination.created_at.slice(0, 10));
  const ask = useMutation({
    mutationFn: () => post<{ count: number }>(`/v1/destinations/${destination.destination_id}/backfill`, { from_at: new Date(from).toISOString(), to_at: new Date(new Date(to).getTime() + 86_400_000).toISOString() }),
    onSuccess: ({ count }) => { tell(t("hours.asked", { count })); void client.invalidateQueries(ALL); },
  });
  return (
    <form className={css.form} onSubmit={(event) => { event.preventDefault(); ask.mutate(); }}>
      <TextInput type="date" required label={t("hours.from")} value={from} max={to} onChange={(event) => setFrom(event.currentTarget.value)} />
      <TextInput type="date" required label={t("hours.to")} value={to} onChange={(event) => setTo(event.currentTarget.value)} />
      <Button type="submit" variant="default" loading={ask.isPending}>{t("hours.backfill")}</Button>
      <FormProblem error={ask.error} />
    </form>
  );
}

function useColumns(): TableColumn<HourOfDestination>[] {
  const { t } = useTranslation("destinations");
  const format = useFormat();
  return useMemo(
    () => [
      { key: "hour", title: t("hours.hour"), width: 190, value: (each) => each.hour, cell: (each) => `${format.day(each.hour)}, ${format.clock(each.hour)}` },
      { key: "state", title: t("hours.state"), width: 200, value: (each) => t(`hours.states.${each.state}`), cell: (each) => <span className={css.sentence}>{t(`hours.states.${each.state}`)}{each.written_again && each.state === "done" ? ` · ${t("hours.again")}` : ""}</span> },
      { key: "events", title: t("hours.events"), width: 100, align: "end", value: (each) => each.events, cell: (each) => format.number(each.events) },
      { key: "files", title: t("hours.files"), width: 80, align: "end", hideBelow: 620, value: (each) => each.files, cell: (each) => format.number(each.files) },
      { key: "written", title: t("hours.written"), width: 120, hideBelow: 620, value: (each) => each.written_at, cell: (each) => (each.written_at ? <TimeAgo at={each.written_at} /> : <span className={css.none}>–</span>) },
    ],
    [t, format],
  );
}
