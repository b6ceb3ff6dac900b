import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "../app/root";

export interface HooksSearch {
  /** The hook that is open. */
  open?: string;
  /** A hook is being opened. */
  make?: true;
}

const hooksRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/hooks",
  validateSearch: (search: Record<string, unknown>): HooksSearch => ({
    ...(typeof search["open"] === "string" ? { open: search["open"] } : {}),
    ...(search["make"] ? { make: true as const } : {}),
  }),
  component: lazyRouteComponent(() => import("./HooksPage"), "HooksPage"),
});

export const hooksRoutes = [hooksRoute] as const;
