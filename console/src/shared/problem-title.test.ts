import { afterEach, expect, it } from "vitest";
import { chooseLanguage } from "../app/i18n";
import { Problem } from "./api";
import { problemTitle } from "./problem-title";

const problem = (status: number) => new Problem({ detail: "No source is named 'web'." }, status);

afterEach(() => chooseLanguage("en"));

it("says in the reader's language what kind of problem it is, and leaves English to the shop", async () => {
  expect(problemTitle(problem(404))).toBe("");
  await chooseLanguage("zh-TW");
  expect(problemTitle(problem(404))).toBe("找不到");
  await chooseLanguage("ja");
  expect(problemTitle(problem(409))).toBe("いまあるものと食い違っています");
});

it("takes a status that it does not know for the kind nearest to it", async () => {
  await chooseLanguage("zh-TW");
  expect(problemTitle(problem(418))).toBe(problemTitle(problem(400)));
  expect(problemTitle(problem(599))).toBe(problemTitle(problem(500)));
});
