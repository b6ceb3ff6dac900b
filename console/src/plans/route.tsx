import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "../app/root";
import { planSearch } from "./search";

const plansRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/plans",
  component: lazyRouteComponent(() => import("./PlansPage"), "PlansPage"),
});

const planRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/plans/$planId",
  validateSearch: planSearch,
  component: lazyRouteComponent(() => import("./PlanPage"), "PlanPage"),
});

export const plansRoutes = [plansRoute, planRoute] as const;
