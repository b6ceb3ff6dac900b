import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "../app/root";

export const logTabs = ["log", "rebuild", "backups"] as const;
export type LogTab = (typeof logTabs)[number];

const logRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/log",
  validateSearch: (search: Record<string, unknown>): { tab?: LogTab } => {
    const tab = logTabs.find((each) => each === search["tab"]);
    return tab ? { tab } : {};
  },
  component: lazyRouteComponent(() => import("./LogPage"), "LogPage"),
});

export const logRoutes = [logRoute] as const;
