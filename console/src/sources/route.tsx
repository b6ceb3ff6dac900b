import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "../app/root";

export const sourceTabs = ["sources", "keys"] as const;
export type SourceTab = (typeof sourceTabs)[number];
export interface SourcesSearch {
  tab?: SourceTab;
  source?: string;
}

const sourcesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/sources",
  validateSearch: (search: Record<string, unknown>): SourcesSearch => ({
    ...(search["tab"] === "keys" ? { tab: "keys" as const } : {}),
    ...(typeof search["source"] === "string" ? { source: search["source"] } : {}),
  }),
  component: lazyRouteComponent(() => import("./SourcesPage"), "SourcesPage"),
});

export const sourcesRoutes = [sourcesRoute] as const;
