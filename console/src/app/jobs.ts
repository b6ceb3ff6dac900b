import type { JobRun } from "../shared/api";

export const isRunning = (job: JobRun): boolean => job.state === "running" || job.state === "queued";

/** What needs a person first: under way or waiting, then what failed, then the rest, each the newest first as it came.
 * Housekeeping comes by every minute; by time alone a failed backup was out of sight within a quarter of an hour. */
export function byNeed(jobs: readonly JobRun[]): JobRun[] {
  const rank = (job: JobRun) => (isRunning(job) ? 0 : job.error ? 1 : 2);
  return [...jobs].sort((one, other) => rank(one) - rank(other));
}
