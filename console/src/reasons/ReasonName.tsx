import { useTranslation } from "react-i18next";
import type words from "./locales/en.json";

export type ReasonCode = keyof typeof words.title;

/** A reason's code as one that we have words for; a newer server may know more. */
export function useReason(): { title: (code: string) => string; todo: (code: string) => string } {
  const { t, i18n } = useTranslation("reasons");
  const known = (code: string): ReasonCode | null => (i18n.exists(`reasons:title.${code || "unknown"}`) ? ((code || "unknown") as ReasonCode) : null); // it exists
  return {
    title: (code) => {
      const of = known(code);
      return of ? t(`title.${of}`) : code;
    },
    todo: (code) => {
      const of = known(code);
      return of ? t(`do.${of}`) : "";
    },
  };
}
