import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "../app/root";
import { catalogSearch } from "./search";

const catalogRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/catalog",
  validateSearch: catalogSearch,
  component: lazyRouteComponent(() => import("./CatalogPage"), "CatalogPage"),
});

export const catalogRoutes = [catalogRoute] as const;
