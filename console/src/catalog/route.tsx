import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "../app/root";

const catalogRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/catalog",
  component: lazyRouteComponent(() => import("./CatalogPage"), "CatalogPage"),
});

export const catalogRoutes = [catalogRoute] as const;
