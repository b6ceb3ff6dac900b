import { expect, it } from "vitest";
import { sayablePassword } from "./people";

it("a first password can be said on the telephone and is long enough for the shop", () => {
  expect(sayablePassword()).toMatch(/^([a-z]+-){5}\d\d$/);
  expect(sayablePassword().length).toBeGreaterThanOrEqual(20);
});

it("a first password is another each time", () => {
  expect(new Set(Array.from({ length: 200 }, () => sayablePassword())).size).toBe(200);
});
