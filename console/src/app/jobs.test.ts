import { expect, it } from "vitest";
import type { JobRun } from "../shared/api";
import { byNeed } from "./jobs";

const run = (job: string, state: JobRun["state"], error: string | null = null) => ({ job, state, error }) as JobRun; // what the order looks at

it("shows what is under way first, then what failed, and what went well last", () => {
  const all = [run("alerts-look", "done"), run("import", "failed", "No room is left."), run("lake-flush", "done"), run("backup", "queued", "It went away."), run("rebuild", "running")];
  expect(byNeed(all).map((each) => each.job)).toEqual(["backup", "rebuild", "import", "alerts-look", "lake-flush"]);
});
