import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "../app/root";

export const logTabs = ["log", "replay", "rebuild", "backups"] as const;
export type LogTab = (typeof logTabs)[number];

const logRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/log",
  validateSearch: (search: Record<string, unknown>): { tab?: LogTab; replay?: string } => {
    const tab = logTabs.find((each) => each === search["tab"]);
    const replay = search["replay"]; // the one whose outcome is open
    return { ...(tab && { tab }), ...(tab === "replay" && typeof replay === "string" && { replay }) };
  },
  component: lazyRouteComponent(() => import("./LogPage"), "LogPage"),
});

export const logRoutes = [logRoute] as const;
