import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "../app/root";
import { slotsSearch } from "./search";

const recommendRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/recommend",
  validateSearch: slotsSearch,
  component: lazyRouteComponent(() => import("./SlotsPage"), "SlotsPage"),
});

export const recommendRoutes = [recommendRoute] as const;
