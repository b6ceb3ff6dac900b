import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { rootRoute, shellRoute } from "../app/root";

/** A shop without people: the one-time link that `regulars serve` prints leads here. */
export const welcomeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/setup",
  validateSearch: (search: Record<string, unknown>): { token?: string } =>
    typeof search["token"] === "string" ? { token: search["token"] } : {},
  component: lazyRouteComponent(() => import("./WelcomePage"), "WelcomePage"),
});

const startRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/start",
  validateSearch: (search: Record<string, unknown>): { source?: string } =>
    typeof search["source"] === "string" ? { source: search["source"] } : {},
  component: lazyRouteComponent(() => import("./StartPage"), "StartPage"),
});

export const setupRoutes = [startRoute] as const;
