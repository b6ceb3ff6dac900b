import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "../app/root";

export interface ImportsSearch {
  /** The import that is open. */
  open?: string;
}

const importsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/imports",
  validateSearch: (search: Record<string, unknown>): ImportsSearch => (typeof search["open"] === "string" ? { open: search["open"] } : {}),
  component: lazyRouteComponent(() => import("./ImportsPage"), "ImportsPage"),
});

export const importsRoutes = [importsRoute] as const;
