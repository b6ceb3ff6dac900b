import { Button, CloseButton, Pill, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch, IconUsers } from "@tabler/icons-react";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { BarCell, DataTable, EmptyState, ErrorState, Page, Section, type TableColumn, TableSkeleton, TimeAgo, useFormat } from "../shared";
import { get, type Page as PageOf, type ProfileSummary } from "../shared/api";
import { Avatar } from "./Avatar";
import css from "./CustomersPage.module.css";

const PAGE = 50;
const DAY_S = 86_400;

export function CustomersPage() {
  const { t } = useTranslation("profiles");
  const { query, taste, seen } = useSearch({ from: "/shell/profiles" });
  const navigate = useNavigate({ from: "/profiles" });
  const [text, setText] = useState(query ?? "");
  useEffect(() => setText(query ?? ""), [query]);
  const speak = useDebouncedCallback((next: string) => void navigate({ search: next.trim() ? { query: next.trim() } : {}, replace: true }), 250);
  const change = (next: string) => {
    setText(next);
    speak(next);
  };
  const found = useInfiniteQuery({
    queryKey: ["profiles", "search", query ?? "", taste ?? null, seen ?? null],
    queryFn: ({ pageParam, signal }) => get<PageOf<ProfileSummary>>(taste === "" ? "/v1/profiles?taste=" : "/v1/profiles", { query, taste, seen_within_s: taste !== undefined && seen === "24h" ? DAY_S : undefined, limit: PAGE, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    placeholderData: keepPreviousData,
  });
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.items) ?? [], [found.data]);
  const columns = useColumns(Math.max(1, ...rows.map((row) => row.events_total)));
  return (
    <Page title={t("title")} question={t("list.question")}>
      <TextInput className={css.search} size="md" aria-label={t("list.find")} placeholder={t("list.placeholder")} leftSection={<IconSearch size={18} stroke={1.5} />} value={text} onChange={(event) => change(event.currentTarget.value)} rightSection={text && <CloseButton aria-label={t("list.clear")} onClick={() => change("")} />} />
      {taste !== undefined && (
        <p className={css.taste}>
          <Pill withRemoveButton size="md" onRemove={() => void navigate({ search: {}, replace: true })} removeButtonProps={{ "aria-label": t("list.clear"), "aria-hidden": false, tabIndex: 0 }}>{taste ? t("list.likes", { taste }) : t("list.no_taste")}</Pill>
          {seen === "24h" && <span>{t("list.seen_24h")}</span>}
        </p>
      )}
      <Section flush>
        {found.isPending && <TableSkeleton rows={12} columns={4} />}
        {found.error && rows.length === 0 && <ErrorState error={found.error} retry={() => void found.refetch()} />}
        {found.data && (
          <DataTable
            label={t("title")}
            columns={columns}
            rows={rows}
            rowKey={(row) => row.customer_id}
            rowHeight={44}
            onOpen={(row) => void navigate({ to: "/profiles/$customerId", params: { customerId: row.customer_id } })}
            foot={
              <>
                <span>{t("list.rows", { count: rows.length })}</span>
                {found.hasNextPage && <Button variant="subtle" size="compact-sm" loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>{t("list.more")}</Button>}
              </>
            }
            empty={
              <EmptyState
                icon={<IconUsers size={22} stroke={1.5} />}
                title={query ? t("list.nobody", { query }) : t("list.empty")}
                text={query ? t("list.nobody_text") : t("list.empty_text")}
                action={query ? <Button variant="default" onClick={() => change("")}>{t("list.clear")}</Button> : <Button component={Link} to="/sources">{t("list.empty_action")}</Button>}
              />
            }
          />
        )}
      </Section>
    </Page>
  );
}

function useColumns(most: number): TableColumn<ProfileSummary>[] {
  const { t } = useTranslation("profiles");
  const format = useFormat();
  return useMemo<TableColumn<ProfileSummary>[]>(
    () => [
      {
        key: "name", title: t("list.name"), width: 200, value: (row) => row.name,
        cell: (row) => (
          <span className={css.person}>
            <Avatar name={row.name} seed={row.customer_id} />
            <Link to="/profiles/$customerId" params={{ customerId: row.customer_id }} className={css.name} tabIndex={-1} onClick={(event) => event.stopPropagation()}>{row.name}</Link>
          </span>
        ),
      },
      { key: "identifiers", title: t("list.identifiers"), width: 220, hideBelow: 720, sortable: false, value: (row) => row.identifiers.map((each) => each.value).join(", "), cell: (row) => <span className={css.ids}>{row.identifiers.slice(0, 3).map((each) => <code key={`${each.kind}${each.value}`}>{each.value}</code>)}</span> },
      { key: "top_affinity", title: t("list.taste"), width: 130, hideBelow: 560, value: (row) => row.top_affinity?.value },
      { key: "events_total", title: t("list.events"), width: 150, hideBelow: 960, align: "end", value: (row) => row.events_total, cell: (row) => <span className={css.bar}><BarCell share={row.events_total / most} /><span className={css.count}>{format.number(row.events_total)}</span></span> },
      { key: "last_seen", title: t("list.last_seen"), width: 120, value: (row) => row.last_seen, cell: (row) => <TimeAgo at={row.last_seen} /> },
    ],
    [t, format, most],
  );
}
