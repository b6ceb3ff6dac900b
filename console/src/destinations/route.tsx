import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "../app/root";
import { destinationSearch, destinationsSearch } from "./search";

const destinationsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/destinations",
  validateSearch: destinationsSearch,
  component: lazyRouteComponent(() => import("./DestinationsPage"), "DestinationsPage"),
});

const destinationRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/destinations/$destinationId",
  validateSearch: destinationSearch,
  component: lazyRouteComponent(() => import("./DestinationPage"), "DestinationPage"),
});

export const destinationsRoutes = [destinationsRoute, destinationRoute] as const;
