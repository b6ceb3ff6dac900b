import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { IconHistory } from "@tabler/icons-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { type AuditEntry, get, type Page } from "../shared/api";
import { DataTable, type TableColumn } from "../shared/DataTable";
import { EmptyState } from "../shared/EmptyState";
import { ErrorState } from "../shared/ErrorState";
import { useFormat } from "../shared/format";
import { Section } from "../shared/Page";
import { TableSkeleton } from "../shared/Skeletons";
import css from "./AuditPanel.module.css";

/** Who did what to what. */
export function AuditPanel() {
  const { t } = useTranslation("settings");
  const { t: tShared } = useTranslation("shared");
  const query = useInfiniteQuery({
    queryKey: ["audit"],
    queryFn: ({ pageParam, signal }) => get<Page<AuditEntry>>("/v1/audit", { cursor: pageParam, limit: 50 }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
  const entries = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  const columns = useColumns();
  return (
    <Section flush title={t("audit.title")} hint={t("audit.text")}>
      {query.isPending && <TableSkeleton rows={8} columns={4} />}
      {query.error && <ErrorState error={query.error} retry={() => void query.refetch()} size="small" />}
      {query.data && (
        <DataTable
          label={t("audit.title")}
          columns={columns}
          rows={entries}
          rowKey={(each) => each.entry_id}
          empty={<EmptyState icon={<IconHistory size={22} stroke={1.5} />} title={t("audit.empty")} />}
          foot={
            query.hasNextPage ? (
              <Button variant="subtle" size="compact-sm" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                {tShared("more")}
              </Button>
            ) : undefined
          }
        />
      )}
    </Section>
  );
}

/** What is remarked beside how it ended, which stands with the action. */
const remarkOf = (entry: AuditEntry): string => (entry.detail ?? "").replace(/(; )?((refused|failed) with \d+|begun)$/, "");

function useColumns(): TableColumn<AuditEntry>[] {
  const { t, i18n } = useTranslation("settings");
  const { t: tSaid } = useTranslation("said");
  const format = useFormat();
  return useMemo(() => {
    // an action that this console has no sentence for yet is shown by its own name
    const words = (action: string) => (i18n.exists(`settings:audit.action.${action}`) ? t(`audit.action.${action}` as "audit.action.shop_set_up") : action.replaceAll("_", " "));
    return [
      { key: "at", title: t("column.at"), width: 110, value: (each) => each.at, cell: (each) => <time dateTime={each.at}>{format.moment(each.at)}</time> },
      { key: "who", title: t("column.who"), width: 80, value: (each) => (each.who === each.who_kind ? tSaid(`caller.${each.who_kind}`) : each.who) },
      { key: "action", title: t("column.action"), width: 150, value: (each) => `${words(each.action)}${each.outcome === "done" ? "" : ` · ${tSaid(`outcome.${each.outcome}`, { status: each.status })}`}`, cell: (each) => <span className={css.action}>{words(each.action)}{each.outcome !== "done" && <small className={css.outcome}>{tSaid(`outcome.${each.outcome}`, { status: each.status })}</small>}</span> },
      { key: "subject", title: t("column.subject"), width: 160, hideBelow: 560, value: (each) => each.subject },
      { key: "detail", title: t("column.detail"), width: 200, hideBelow: 900, value: remarkOf, cell: (each) => <span className={css.detail}>{remarkOf(each)}</span> },
    ];
  }, [t, tSaid, i18n, format]);
}
