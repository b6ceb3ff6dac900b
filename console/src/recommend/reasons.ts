import type { TFunction } from "i18next";
import { spokenTitle } from "../catalog/tags";
import type { Reason } from "../shared/api";

/** `genre:Drama` as one says it: Drama. */
export const bare = (tag: string): string => tag.replace(/^[a-z_]+:/u, "");

/** A reason as a sentence in the reader's language; the shop's own words where a part is missing. */
export function reasonText(t: TFunction<"recommend">, reason: Reason): string {
  switch (reason.kind) {
    case "because_you":
      return reason.title ? t("reason.because_you", { title: spokenTitle(reason.title) }) : reason.text;
    case "similar":
      return reason.title ? t("reason.similar", { title: spokenTitle(reason.title) }) : reason.text;
    case "favourite":
      return reason.tag ? t("reason.favourite", { tag: bare(reason.tag) }) : reason.text;
    case "popular":
      return t("reason.popular");
    case "trending":
      return t("reason.trending");
    default:
      return (reason as Reason).text;
  }
}
