import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "../app/root";

const recommendRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/recommend",
  component: lazyRouteComponent(() => import("./SlotsPage"), "SlotsPage"),
});

export const recommendRoutes = [recommendRoute] as const;
