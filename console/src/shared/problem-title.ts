import i18next from "i18next";
import type { Problem } from "./api";
import type words from "./locales/en.json";

type Status = keyof typeof words.error.status;

/** What kind of problem it is, in the reader's language: the shop's own sentence below it is English. Nothing in English. */
export function problemTitle(problem: Problem): string {
  if (i18next.language === "en" || problem.isUnreachable) return "";
  const status = i18next.exists(`shared:error.status.${problem.status}`) ? String(problem.status) : problem.status >= 500 ? "500" : "400";
  return i18next.t(`error.status.${status as Status}`, { ns: "shared" }); // it exists
}
