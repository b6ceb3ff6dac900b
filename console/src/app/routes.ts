import { createRoute, createRouter, redirect } from "@tanstack/react-router";
import { alertsRoutes } from "../alerts/route";
import { catalogRoutes } from "../catalog/route";
import { destinationsRoutes } from "../destinations/route";
import { eventsRoutes } from "../events/route";
import { logRoutes } from "../log/route";
import { plansRoutes } from "../plans/route";
import { hooksRoutes } from "../hooks/route";
import { importsRoutes } from "../imports/route";
import { lettersRoutes } from "../letters/route";
import { profilesRoutes } from "../profiles/route";
import { recommendRoutes } from "../recommend/route";
import { sessionRoutes } from "../session/route";
import { settingsRoutes } from "../settings/route";
import { setupRoutes, welcomeRoute } from "../setup/route";
import { PageError } from "../shared/PageError";
import { queryClient } from "../shared/query";
import { sourcesRoutes } from "../sources/route";
import { todayRoutes } from "../today/route";
import { rootRoute, shellRoute } from "./root";

const indexRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/today" });
  },
});

const routeTree = rootRoute.addChildren([
  ...sessionRoutes,
  welcomeRoute,
  shellRoute.addChildren([
    indexRoute,
    ...todayRoutes,
    ...eventsRoutes,
    ...lettersRoutes,
    ...alertsRoutes,
    ...profilesRoutes,
    ...catalogRoutes,
    ...recommendRoutes,
    ...destinationsRoutes,
    ...sourcesRoutes,
    ...plansRoutes,
    ...importsRoutes,
    ...hooksRoutes,
    ...logRoutes,
    ...settingsRoutes,
    ...setupRoutes,
  ]),
]);

export const router = createRouter({
  routeTree,
  context: { queryClient },
  defaultPreload: "intent",
  defaultPreloadStaleTime: 0,
  defaultErrorComponent: PageError,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
