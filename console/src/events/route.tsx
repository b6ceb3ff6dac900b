import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "../app/root";
import { eventsSearch, rejectedSearch } from "./search";

const eventsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/events",
  validateSearch: eventsSearch,
  component: lazyRouteComponent(() => import("./EventsPage"), "EventsPage"),
});

const rejectedRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/events/rejected",
  validateSearch: rejectedSearch,
  component: lazyRouteComponent(() => import("./RejectedPage"), "RejectedPage"),
});

export const eventsRoutes = [eventsRoute, rejectedRoute] as const;
