import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "../app/root";

const profilesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/profiles",
  component: lazyRouteComponent(() => import("./CustomersPage"), "CustomersPage"),
});

export const profilesRoutes = [profilesRoute] as const;
