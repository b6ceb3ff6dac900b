import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "../app/root";
import { customerSearch, customersSearch } from "./search";

const customersRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/profiles",
  validateSearch: customersSearch,
  component: lazyRouteComponent(() => import("./CustomersPage"), "CustomersPage"),
});

const customerRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/profiles/$customerId",
  validateSearch: customerSearch,
  component: lazyRouteComponent(() => import("./CustomerPage"), "CustomerPage"),
});

export const profilesRoutes = [customersRoute, customerRoute] as const;
