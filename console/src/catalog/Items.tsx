import { Button } from "@mantine/core";
import { IconPackage } from "@tabler/icons-react";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { DataTable, EmptyState, ErrorState, type TableColumn, TableSkeleton, TimeAgo } from "../shared";
import { get, type Item, type Page } from "../shared/api";
import { Cover } from "./Cover";
import css from "./Items.module.css";
import type { CatalogSearch } from "./search";
import { spokenTitle, tagsOf } from "./tags";

const PAGE = 60;

interface ItemsProps {
  search: CatalogSearch;
  onOpen: (item_id: string) => void;
  onClear: () => void;
}

/** The rows: everything that fits the filters. */
export function Items({ search, onOpen, onClear }: ItemsProps) {
  const { t } = useTranslation("catalog");
  const { query, kind, tag, available } = search;
  const found = useInfiniteQuery({
    queryKey: ["catalog", "items", { query, kind, tag, available }],
    queryFn: ({ pageParam, signal }) => get<Page<Item>>("/v1/catalog/items", { query, kind, tag, available, cursor: pageParam, limit: PAGE }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    placeholderData: keepPreviousData,
  });
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.items) ?? [], [found.data]);
  const columns = useColumns();
  if (found.isPending) return <TableSkeleton rows={12} columns={5} />;
  if (found.error && rows.length === 0) return <ErrorState error={found.error} retry={() => void found.refetch()} />;
  return (
    <DataTable
      label={t("title")}
      columns={columns}
      rows={rows}
      rowKey={(row) => row.item_id}
      rowHeight={44}
      onOpen={(row) => onOpen(row.item_id)}
      openKey={search.item ?? null}
      foot={
        <>
          <span>{t("rows", { count: rows.length })}</span>
          {found.hasNextPage && <Button variant="subtle" size="compact-sm" loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>{t("more")}</Button>}
        </>
      }
      empty={<EmptyState icon={<IconPackage size={22} stroke={1.5} />} title={t("nothing")} text={t("nothing_text")} action={<Button variant="default" onClick={onClear}>{t("filter.clear")}</Button>} />}
    />
  );
}

function useColumns(): TableColumn<Item>[] {
  const { t } = useTranslation("catalog");
  return useMemo<TableColumn<Item>[]>(
    () => [
      { key: "title", title: t("column.title"), width: 260, value: (row) => spokenTitle(row.title), cell: (row) => <span className={css.item}><Cover item={row} size={32} /><span className={css.title}>{spokenTitle(row.title)}</span></span> },
      { key: "item_id", title: t("column.id"), width: 90, hideBelow: 720, value: (row) => row.item_id, cell: (row) => <code className={css.id}>{row.item_id}</code> },
      { key: "kind", title: t("column.kind"), width: 90, hideBelow: 560, value: (row) => row.kind },
      { key: "tags", title: t("column.tags"), width: 220, hideBelow: 720, sortable: false, value: (row) => tagsOf(row).map((tag) => tag.value).join(", ") },
      { key: "available", title: t("column.available"), width: 110, value: (row) => row.available, cell: (row) => <span className={css.state} data-on={row.available}>{row.available ? t("available") : t("unavailable")}</span> },
      { key: "updated_at", title: t("column.updated"), width: 110, hideBelow: 960, value: (row) => row.updated_at, cell: (row) => (row.updated_at ? <TimeAgo at={row.updated_at} /> : <>–</>) },
    ],
    [t],
  );
}
