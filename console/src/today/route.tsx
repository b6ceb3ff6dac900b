import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "../app/root";

const todayRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/today",
  component: lazyRouteComponent(() => import("./TodayPage"), "TodayPage"),
});

export const todayRoutes = [todayRoute] as const;
