import { createMemoryHistory, createRootRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import { fireEvent, screen } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Hook, NewHook } from "../shared/api";
import { draw } from "../shared/testing/render";
import { HookPage } from "./HookPage";

const hook = (is_readable: boolean): Hook => ({
  hook_id: "hk_1", name: "Orders", preset: "generic", path: "/v1/hooks/hk_1", source_id: "s1", enabled: true,
  scheme: { kind: "standard", header: "", algorithm: "sha256", encoding: "hex", prefix: "", tolerance_s: 300, delivery_header: "" },
  secrets: [{ ending: "", until: null, is_readable }], mapping: { rules: [] }, version: 1, created_at: "2026-10-01T12:00:00Z", changed_at: "2026-10-01T12:00:00Z",
});

/** A shop whose hook has lost its key, until it is given a new secret. */
function shopWithLostKey(): typeof fetch {
  let readable = false;
  const answer = (path: string, method: string): unknown => {
    if (path === "/v1/session") return { person_id: "p1", name: "Mei", email: "mei@corner.example", role: "admin" };
    if (path.endsWith("/secret") && method === "POST") {
      readable = true;
      return { hook: hook(true), secret: "whsec_shown_this_once" } satisfies NewHook;
    }
    if (path === "/v1/hooks") return [hook(readable)];
    if (path === "/v1/hooks/preview") return { events: [], failures: [], problems: [] };
    return [];
  };
  return (input, init) => {
    const path = new URL(input instanceof Request ? input.url : input, "http://shop.example").pathname;
    return Promise.resolve(Response.json(answer(path, init?.method ?? "GET")));
  };
}

vi.mock("./Workbench", () => ({ Workbench: () => null })); // what a delivery tells is not asked here

describe("a hook whose key is lost", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("says so, and shows the new secret although nothing is amiss any more", async () => {
    vi.stubGlobal("fetch", shopWithLostKey());
    const routeTree = createRootRoute({ component: () => <HookPage hook_id="hk_1" /> });
    draw(<RouterProvider router={createRouter({ routeTree, history: createMemoryHistory() }) as never} />);
    expect(await screen.findByText("The secret of this webhook cannot be read")).toBeTruthy();
    fireEvent.click(await screen.findByRole("button", { name: "New secret" }));
    const dialog = await screen.findByRole("dialog");
    fireEvent.submit(dialog.querySelector("form") as HTMLFormElement);
    expect(await screen.findByText("whsec_shown_this_once")).toBeTruthy();
    await vi.waitFor(() => expect(screen.queryByText("The secret of this webhook cannot be read")).toBeNull());
    expect(screen.getByText("whsec_shown_this_once")).toBeTruthy();
  });
});
