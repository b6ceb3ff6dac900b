import { IconPlug } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../session/session";
import type { Source } from "../shared/api";
import { DataTable, type TableColumn } from "../shared/DataTable";
import { EmptyState } from "../shared/EmptyState";
import { ErrorState } from "../shared/ErrorState";
import { useFormat } from "../shared/format";
import { Section } from "../shared/Page";
import { TableSkeleton } from "../shared/Skeletons";
import { BarCell } from "../shared/Sparkline";
import { TimeAgo, useNow } from "../shared/TimeAgo";
import { KIND_ICONS } from "./kinds";
import { MakeSource } from "./MakeSource";
import { SourceDrawer } from "./SourceDrawer";
import css from "./SourcesPanel.module.css";
import { sourcesQuery } from "./sources";
import { sourceState } from "./state";

export function SourcesPanel() {
  const { t } = useTranslation("sources");
  const navigate = useNavigate();
  const may = useMay("marketer");
  const { source: openId } = useSearch({ from: "/shell/sources" });
  const query = useQuery({ ...sourcesQuery, refetchInterval: 10_000 });
  const sources = query.data ?? [];
  const open = sources.find((each) => each.source_id === openId);
  const show = (source_id?: string) => void navigate({ to: "/sources", search: source_id ? { source: source_id } : {}, replace: true });
  const columns = useColumns(sources);
  return (
    <div className={css.stack}>
      {may && (
        <Section title={t("make.title")}>
          <MakeSource onMade={(source) => show(source.source_id)} />
        </Section>
      )}
      <Section flush>
        {query.isPending && <TableSkeleton rows={3} />}
        {query.error && <ErrorState error={query.error} retry={() => void query.refetch()} size="small" />}
        {query.data && (
          <DataTable
            label={t("tab.sources")}
            columns={columns}
            rows={sources}
            rowKey={(each) => each.source_id}
            rowHeight={44}
            onOpen={(each) => show(each.source_id)}
            openKey={openId ?? null}
            sort={{ key: "last", down: true }}
            empty={<EmptyState icon={<IconPlug size={22} stroke={1.5} />} title={t("empty.title")} text={t("empty.text")} />}
          />
        )}
      </Section>
      {open && <SourceDrawer key={open.source_id} source={open} onClose={() => show()} />}
    </div>
  );
}

function useColumns(sources: readonly Source[]): TableColumn<Source>[] {
  const { t } = useTranslation("sources");
  const format = useFormat();
  const now = useNow();
  const most = Math.max(1, ...sources.map((each) => each.events_24h));
  return useMemo(
    () => [
      {
        key: "name", title: t("column.name"), width: 180, value: (each) => each.name,
        cell: (each) => {
          const Icon = KIND_ICONS[each.kind];
          return (
            <span className={css.name}>
              <Icon size={18} stroke={1.5} aria-hidden />
              <span>{each.name}</span>
            </span>
          );
        },
      },
      { key: "kind", title: t("column.kind"), width: 110, hideBelow: 900, value: (each) => t(`kind.${each.kind}`) },
      {
        key: "state", title: t("column.state"), width: 110, value: (each) => t(`state.${sourceState(each, now)}`),
        cell: (each) => {
          const state = sourceState(each, now);
          return <span className={css.state} data-state={state}>{t(`state.${state}`)}</span>;
        },
      },
      {
        key: "events", title: t("column.events"), width: 160, align: "end", hideBelow: 620, value: (each) => each.events_24h,
        cell: (each) => (
          <span className={css.count}>
            <BarCell share={each.events_24h / most} />
            <span>{format.number(each.events_24h)}</span>
          </span>
        ),
      },
      {
        key: "last", title: t("column.last"), width: 130, value: (each) => each.last_event_at,
        cell: (each) => (each.last_event_at ? <TimeAgo at={each.last_event_at} /> : <span className={css.none}>{t("state_text.waiting")}</span>),
      },
    ],
    [t, format, most, now],
  );
}
