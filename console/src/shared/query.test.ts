import { expect, it } from "vitest";
import { Problem } from "./api";
import { worthAskingAgain } from "./query";

it("a refusal is an answer; only silence and a stumbling shop are asked again, twice", () => {
  expect(worthAskingAgain(0, new Problem({}, 403))).toBe(false);
  expect(worthAskingAgain(0, new Problem({}, 503))).toBe(true);
  expect(worthAskingAgain(1, Problem.unreachable("/"))).toBe(true);
  expect(worthAskingAgain(2, Problem.unreachable("/"))).toBe(false);
});
