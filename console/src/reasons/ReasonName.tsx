import { useTranslation } from "react-i18next";
import type words from "./locales/en.json";

export type ReasonCode = keyof typeof words.title;

export interface ReasonWords {
  /** What it is called. */
  title: (code: string) => string;
  /** What happened, for any event of this reason. */
  means: (code: string) => string;
  /** What to do about it. */
  todo: (code: string) => string;
  /** What happened to this very event: in English as the shop says it, else by the reasons' codes as far as all are known. */
  sentence: (codes: readonly string[], said: string) => string;
}

/** A reason's code as one that we have words for; a newer server may know more. */
export function useReason(): ReasonWords {
  const { t, i18n } = useTranslation("reasons");
  const known = (code: string): ReasonCode | null => (i18n.exists(`reasons:title.${code || "unknown"}`) ? ((code || "unknown") as ReasonCode) : null); // it exists
  const of = (part: "title" | "means" | "do", code: string, otherwise: string) => {
    const word = known(code);
    return word ? t(`${part}.${word}`) : otherwise;
  };
  return {
    title: (code) => of("title", code, code),
    means: (code) => of("means", code, ""),
    todo: (code) => of("do", code, ""),
    sentence: (codes, said) => {
      if (i18n.language === "en" || codes.length === 0 || codes.some((code) => !code || !known(code))) return said;
      return codes.map((code) => of("means", code, "")).join("");
    },
  };
}
