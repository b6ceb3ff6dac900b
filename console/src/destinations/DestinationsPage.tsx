import { Button } from "@mantine/core";
import { IconPlus, IconSend } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../session/session";
import { DataTable, EmptyState, ErrorState, Figure, Figures, FiguresSkeleton, Page, Section, TableSkeleton, type TableColumn, TimeAgo, useFormat } from "../shared";
import type { Destination } from "../shared/api";
import css from "./DestinationsPage.module.css";
import { Maker } from "./Maker";
import { destinationsQuery } from "./queries";
import { iconOf } from "./kinds";
import { byNeed, whyOf } from "./state";
import { StateDot } from "./StateDot";
import { useWords } from "./words";

export function DestinationsPage() {
  const { t } = useTranslation("destinations");
  const { make } = useSearch({ from: "/shell/destinations" });
  const navigate = useNavigate();
  const may = useMay("admin");
  const query = useQuery(destinationsQuery);
  const begin = (preset?: string) => void navigate({ to: "/destinations", search: preset ? { make: preset } : {}, replace: true });
  const open = (each: Destination) => void navigate({ to: "/destinations/$destinationId", params: { destinationId: each.destination_id } });
  const columns = useColumns();
  const button = may && <Button leftSection={<IconPlus size={16} stroke={1.5} />} onClick={() => begin("new")}>{t("new")}</Button>;
  const rows = useMemo(() => [...(query.data ?? [])].sort(byNeed), [query.data]);
  return (
    <Page title={t("title")} question={t("question")} tools={rows.length > 0 && button}>
      {query.isPending && <><Section><FiguresSkeleton /></Section><Section flush><TableSkeleton rows={4} /></Section></>}
      {query.error && !query.data && <ErrorState error={query.error} retry={() => void query.refetch()} />}
      {query.data && rows.length === 0 && (
        <Section>
          <EmptyState icon={<IconSend size={22} stroke={1.5} />} title={t("empty.title")} text={<>{t("empty.text")}{!may && ` ${t("empty.forbidden")}`}</>} action={button} />
        </Section>
      )}
      {rows.length > 0 && (
        <>
          <Section flush><Overview destinations={rows} /></Section>
          <Section flush>
            <DataTable label={t("title")} columns={columns} rows={rows} rowKey={(each) => each.destination_id} rowHeight={52} onOpen={open} />
          </Section>
        </>
      )}
      {make && <Maker preset={make} onChoose={begin} onClose={() => begin()} />}
    </Page>
  );
}

function Overview({ destinations }: { destinations: readonly Destination[] }) {
  const { t } = useTranslation("destinations");
  const format = useFormat();
  const sum = (value: (health: Destination["health"]) => number) => destinations.reduce((total, each) => total + value(each.health), 0);
  const trouble = destinations.filter((each) => ["failing", "paused", "closed"].includes(each.health.state));
  const retrying = sum((health) => health.retrying);
  const dead = sum((health) => health.dead_letters);
  return (
    <Figures>
      <Figure label={t("figure.delivered")} value={format.number(sum((health) => health.delivered_1h))} definition={t("figure.delivered_def")} query="GET /v1/destinations" />
      <Figure label={t("figure.waiting")} value={format.number(sum((health) => health.waiting))} definition={t("figure.waiting_def")} note={retrying > 0 ? t("figure.retrying", { count: retrying }) : undefined} query="GET /v1/destinations" />
      <Figure label={t("figure.trouble")} value={format.number(trouble.length)} tone={trouble.length > 0 ? "bad" : "good"} note={trouble.length > 0 ? format.list(trouble.slice(0, 2).map((each) => each.name)) : t("figure.trouble_none")} definition={t("figure.trouble_def")} query="GET /v1/destinations" />
      <Figure label={t("figure.dead")} value={format.number(dead)} tone={dead > 0 ? "watch" : "plain"} definition={t("figure.dead_def")} query="GET /v1/destinations" />
    </Figures>
  );
}

function useColumns(): TableColumn<Destination>[] {
  const { t } = useTranslation("destinations");
  const words = useWords();
  const format = useFormat();
  return useMemo(
    () => [
      {
        key: "name", title: t("column.name"), width: 150, value: (each) => each.name,
        cell: (each) => {
          const Icon = iconOf(each.kind);
          return (
            <span className={css.name}>
              <Icon size={18} stroke={1.5} aria-hidden />
              <span className={css.words}><span>{each.name}</span><span>{words.kind(each.kind)}</span></span>
            </span>
          );
        },
      },
      {
        key: "state", title: t("column.state"), width: 186, value: (each) => t(`state.${each.health.state}`),
        cell: (each) => {
          const sentence = whyOf(each);
          return <span className={css.why}><StateDot state={each.health.state} />{sentence && <span className={css.sentence} title={sentence}>{sentence}</span>}</span>;
        },
      },
      { key: "delivered", title: t("column.delivered"), width: 100, align: "end", hideBelow: 620, value: (each) => each.health.delivered_1h, cell: (each) => format.number(each.health.delivered_1h) },
      { key: "waiting", title: t("column.waiting"), width: 70, align: "end", hideBelow: 620, value: (each) => each.health.waiting, cell: (each) => format.number(each.health.waiting) },
      {
        key: "oldest", title: t("column.oldest"), width: 80, align: "end", hideBelow: 1100, value: (each) => each.health.oldest_waiting_s,
        cell: (each) => (each.health.waiting > 0 ? format.duration(each.health.oldest_waiting_s * 1000) : <span className={css.none}>–</span>),
      },
      { key: "dead", title: t("column.dead"), width: 80, align: "end", hideBelow: 620, value: (each) => each.health.dead_letters, cell: (each) => <span className={each.health.dead_letters > 0 ? css.bad : css.none}>{format.number(each.health.dead_letters)}</span> },
      {
        key: "last", title: t("column.last"), width: 90, hideBelow: 900, value: (each) => each.health.last_delivered_at,
        cell: (each) => (each.health.last_delivered_at ? <TimeAgo at={each.health.last_delivered_at} /> : <span className={css.none}>–</span>),
      },
    ],
    [t, words, format],
  );
}
