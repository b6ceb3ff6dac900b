import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "../app/root";
import { lettersSearch } from "./search";

const lettersRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/events/letters",
  validateSearch: lettersSearch,
  component: lazyRouteComponent(() => import("./LettersPage"), "LettersPage"),
});

export const lettersRoutes = [lettersRoute] as const;
