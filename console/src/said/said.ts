/** What the shop says by a name, in the reader's language: settings, jobs. What this console has no words for stays as said. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

export interface Said {
  /** What a setting does. */
  setting: (section: string, name: string, said: string) => string;
  /** Who set it: nobody, the command line, or a file or variable by its own name. */
  origin: (origin: string) => string;
  job: (name: string) => string;
  /** What a job says of itself, which is English: nothing where another language is read. */
  note: (said: string | null | undefined) => string;
}

/** A name's own words. A dot would be read as a step inside the file. */
export const keyOf = (name: string): string => name.replaceAll(".", "-");

export function useSaid(): Said {
  const { t, i18n } = useTranslation("said");
  return useMemo(() => {
    // the key is looked for first, so its type can be any that exists
    const word = (key: string, otherwise: string) => (i18n.exists(`said:${key}`) ? t(key as "job.backup") : otherwise);
    return {
      setting: (section, name, said) => word(`setting.${section}.${name}`, said),
      origin: (origin) => word(`origin.${keyOf(origin)}`, origin),
      job: (name) => word(`job.${keyOf(name)}`, name),
      note: (said) => (i18n.language === "en" ? (said ?? "") : ""),
    };
  }, [t, i18n, i18n.language]);
}
