import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";
import { expect, it } from "vitest";

const description = JSON.parse(readFileSync("openapi.json", "utf8")) as { paths: Record<string, unknown> };

it("the generated shapes are those of console/openapi.json; otherwise say: npm run api", async () => {
  const made = astToString(await openapiTS(pathToFileURL("openapi.json")));
  const kept = readFileSync("src/shared/api/schema.ts", "utf8");
  expect(kept.slice(kept.indexOf("export ")).trim()).toBe(made.slice(made.indexOf("export ")).trim());
});

/** Every `/v1/…` written in the source, its `${…}` parts as `{}`. */
function written(folder: string): [string, string][] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.tsx?$/.test(file) && !file.includes(".test.") && !file.endsWith("schema.ts"))
    .flatMap((file) => [...readFileSync(join(folder, file), "utf8").matchAll(/["'`](\/v1\/[^"'`\s]*)["'`]/g)].map((each): [string, string] => [(each[1] ?? "").replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, "{}").replace(/\?.*$/, ""), file]));
}

const DOOR = ["/v1/track", "/v1/page", "/v1/identify"]; // taken in before the framework, described in the reference

it("every address the console calls is one the shop describes", () => {
  const known = new Set([...Object.keys(description.paths).map((path) => path.replaceAll(/\{[^}]+\}/g, "{}")), ...DOOR]);
  const calls = written("src");
  expect(calls.length).toBeGreaterThan(20);
  // a part put together elsewhere ("…/{}{}": an ending that is passed in) has to begin some address
  const described = (path: string) => known.has(path) || (path.endsWith("}{}") && [...known].some((each) => each.startsWith(`${path.slice(0, -2)}/`)));
  expect(calls.filter(([path]) => !described(path))).toEqual([]);
});
