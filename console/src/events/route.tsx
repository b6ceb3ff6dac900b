import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "../app/root";

const eventsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/events",
  component: lazyRouteComponent(() => import("./EventsPage"), "EventsPage"),
});

export const eventsRoutes = [eventsRoute] as const;
