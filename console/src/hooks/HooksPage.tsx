import { Button } from "@mantine/core";
import { IconPlus, IconWebhook } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../session/session";
import { DataTable, EmptyState, ErrorState, Page, Section, type TableColumn, TableSkeleton, TimeAgo, useFormat } from "../shared";
import type { Hook, Source } from "../shared/api";
import { sourcesQuery } from "../sources/sources";
import { HookPage } from "./HookPage";
import { usePresetTitle } from "./preset";
import css from "./HooksPage.module.css";
import { OpenHook } from "./OpenHook";
import { hookPresetsQuery, hooksQuery, isSealed } from "./queries";

/** Other services that tell what happened: every hook, and a way to open one. */
export function HooksPage() {
  const { open } = useSearch({ from: "/shell/hooks" });
  return open ? <HookPage key={open} hook_id={open} /> : <List />;
}

function List() {
  const { t } = useTranslation("hooks");
  const navigate = useNavigate();
  const { make } = useSearch({ from: "/shell/hooks" });
  const admin = useMay("admin");
  const query = useQuery(hooksQuery);
  const columns = useColumns();
  const hooks = query.data ?? [];
  const button = admin && <Button leftSection={<IconPlus size={16} stroke={1.5} />} onClick={() => void navigate({ to: "/hooks", search: { make: true } })}>{t("open")}</Button>;
  return (
    <Page title={t("title")} question={t("question")} tools={hooks.length > 0 ? button : undefined}>
      <Section flush>
        {query.isPending && <TableSkeleton rows={3} />}
        {query.error && <ErrorState error={query.error} retry={() => void query.refetch()} size="small" />}
        {query.data && (
          <DataTable
            label={t("title")}
            columns={columns}
            rows={hooks}
            rowKey={(each) => each.hook_id}
            rowHeight={44}
            onOpen={(each) => void navigate({ to: "/hooks", search: { open: each.hook_id } })}
            empty={<EmptyState icon={<IconWebhook size={22} stroke={1.5} />} title={t("empty.title")} text={t("empty.text")} action={button} />}
          />
        )}
      </Section>
      {make && admin && <OpenHook onClose={() => void navigate({ to: "/hooks", search: {} })} />}
    </Page>
  );
}

function useColumns(): TableColumn<Hook>[] {
  const { t } = useTranslation("hooks");
  const format = useFormat();
  const { data: sources = [] } = useQuery(sourcesQuery);
  const { data: presets = [] } = useQuery(hookPresetsQuery);
  const title = usePresetTitle();
  return useMemo(() => {
    const source = (hook: Hook): Source | undefined => sources.find((each) => each.source_id === hook.source_id);
    return [
      { key: "name", title: t("column.name"), width: 200, value: (each) => each.name },
      { key: "service", title: t("column.service"), width: 200, hideBelow: 760, value: (each) => { const preset = presets.find(({ name }) => name === each.preset); return preset ? title(preset) : each.preset; } },
      { key: "state", title: t("column.state"), width: 140, value: (each) => stateOf(each, source(each)), cell: (each) => <span className={css.state} data-state={stateOf(each, source(each))}>{t(`state.${stateOf(each, source(each))}`)}</span> },
      { key: "events", title: t("column.events"), width: 110, align: "end", value: (each) => source(each)?.events_24h ?? 0, cell: (each) => format.number(source(each)?.events_24h ?? 0) },
      { key: "last", title: t("column.last"), width: 130, hideBelow: 560, value: (each) => source(each)?.last_event_at ?? null, cell: (each) => { const at = source(each)?.last_event_at; return at ? <TimeAgo at={at} /> : "–"; } },
    ];
  }, [t, format, sources, presets]);
}

export function stateOf(hook: Hook, source: Source | undefined): "closed" | "no_secret" | "sealed" | "waiting" | "open" {
  if (!hook.enabled) return "closed";
  if (hook.secrets.length === 0) return "no_secret";
  if (isSealed(hook)) return "sealed";
  return source?.last_event_at ? "open" : "waiting";
}
