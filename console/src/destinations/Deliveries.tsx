import { Button, SegmentedControl } from "@mantine/core";
import { IconHistory } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { DataTable, EmptyState, ErrorState, inWords, Section, type TableColumn, TableSkeleton, TimeAgo, useFormat } from "../shared";
import type { Delivery, Destination } from "../shared/api";
import css from "./Lists.module.css";
import { More } from "./More";
import { deliveriesQuery } from "./queries";
import { type DestinationSearch, type Outcome, OUTCOMES } from "./search";

interface DeliveriesProps {
  destination: Destination;
  search: DestinationSearch;
  onChange: (next: Partial<DestinationSearch>) => void;
}

/** Single requests, files or hours: when, what came of it, how long it took, and why not. */
export function Deliveries({ destination, search: { outcome, from, to }, onChange }: DeliveriesProps) {
  const { t } = useTranslation("destinations");
  const format = useFormat();
  const query = useInfiniteQuery(deliveriesQuery(destination.destination_id, { outcome, from, to }));
  const columns = useColumns();
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Section flush>
      <div className={css.tools}>
        <SegmentedControl
          size="xs" aria-label={t("delivery.outcome")} value={outcome ?? "all"} onChange={(value) => onChange({ outcome: value === "all" ? undefined : (value as Outcome) })}
          data={[{ value: "all", label: t("delivery.all") }, ...OUTCOMES.map((each) => ({ value: each, label: t(`outcome.${each}`) }))]}
        />
        {from && to && (
          <>
            <span className={css.span}>{t("delivery.span", { from: format.moment(from), to: format.clock(to) })}</span>
            <Button variant="subtle" size="compact-sm" onClick={() => onChange({ from: undefined, to: undefined })}>{t("delivery.clear")}</Button>
          </>
        )}
      </div>
      {query.isPending && <TableSkeleton rows={6} />}
      {query.error && !query.data && <ErrorState size="small" error={query.error} retry={() => void query.refetch()} />}
      {query.data && (
        <DataTable
          label={t("tab.deliveries")} columns={columns} rows={rows} rowKey={(each) => String(each.delivery_id)}
          empty={<EmptyState size="small" icon={<IconHistory size={22} stroke={1.5} />} title={t("delivery.empty")} />}
          foot={<More query={query}>{t("delivery.foot")}</More>}
        />
      )}
    </Section>
  );
}

function useColumns(): TableColumn<Delivery>[] {
  const { t } = useTranslation("destinations");
  const format = useFormat();
  return useMemo(
    () => [
      { key: "at", title: t("delivery.at"), width: 110, value: (each) => each.at, cell: (each) => <TimeAgo at={each.at} /> },
      { key: "outcome", title: t("delivery.outcome"), width: 130, value: (each) => t(`outcome.${each.outcome}`), cell: (each) => <span className={css.outcome} data-outcome={each.outcome}>{t(`outcome.${each.outcome}`)}</span> },
      { key: "items", title: t("delivery.items"), width: 80, align: "end", hideBelow: 620, value: (each) => each.items, cell: (each) => format.number(each.items) },
      { key: "status", title: t("delivery.status"), width: 90, align: "end", hideBelow: 620, value: (each) => each.status, cell: (each) => each.status ?? <span className={css.none}>–</span> },
      { key: "duration", title: t("delivery.duration"), width: 90, align: "end", value: (each) => each.duration_ms, cell: (each) => format.duration(each.duration_ms) },
      { key: "sentence", title: t("delivery.sentence"), width: 280, hideBelow: 620, value: (each) => inWords(each.said, each.sentence), cell: (each) => (each.sentence ? <span className={css.sentence} title={inWords(each.said, each.sentence)}>{inWords(each.said, each.sentence)}</span> : <span className={css.none}>–</span>) },
      { key: "about", title: t("delivery.about"), width: 150, hideBelow: 1100, value: (each) => each.about },
    ],
    [t, format],
  );
}
