import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "../app/root";

export interface AlertsSearch {
  /** The rule whose drawer is open, or `new`. */
  rule?: string | undefined;
}

const alertsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/events/alerts",
  validateSearch: (raw: Record<string, unknown>): AlertsSearch => (typeof raw["rule"] === "string" && raw["rule"] ? { rule: raw["rule"] } : {}),
  component: lazyRouteComponent(() => import("./AlertsPage"), "AlertsPage"),
});

export const alertsRoutes = [alertsRoute] as const;
