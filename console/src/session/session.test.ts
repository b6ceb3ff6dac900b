import { describe, expect, it } from "vitest";
import { sessionRoutes } from "./route";
import { allows } from "./session";

describe("roles", () => {
  it("hold what the lower ones hold, and nobody holds nothing", () => {
    expect(allows("admin", "marketer")).toBe(true);
    expect(allows("marketer", "marketer")).toBe(true);
    expect(allows("viewer", "marketer")).toBe(false);
    expect(allows(undefined, "viewer")).toBe(false);
  });
});

describe("after signing in", () => {
  const [login] = sessionRoutes;
  const checked = (next: unknown) => (login.options.validateSearch as (search: Record<string, unknown>) => { next?: string })({ next });

  it("one returns to where one wanted to go", () => {
    expect(checked("/profiles?query=ann")).toEqual({ next: "/profiles?query=ann" });
  });

  it.each(["https://evil.example", "//evil.example", "/\\evil.example", 7])("one is never led out of the shop (%s)", (next) => {
    expect(checked(next)).toEqual({});
  });
});
