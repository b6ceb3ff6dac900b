import { Button } from "@mantine/core";
import type { UseInfiniteQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

type Paged = Pick<UseInfiniteQueryResult, "hasNextPage" | "isFetchingNextPage" | "fetchNextPage">;

/** Under a list: the next page, or what there is to say. */
export function More({ query, children }: { query: Paged; children?: ReactNode }) {
  const { t } = useTranslation("destinations");
  if (!query.hasNextPage) return <>{children}</>;
  return <Button variant="subtle" size="compact-sm" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t("delivery.more")}</Button>;
}
