import i18next from "i18next";
import type words from "../said/locales/en.json";
import type { Saying } from "./api";
import { formatter } from "./format";

type Code = keyof typeof words.sentence;

/** What the shop says, in the reader's language: by its code and values where this console knows them, else as it was said,
 * which is English. A component that draws it uses `useTranslation`, so that it is drawn again in another language. */
export function inWords(saying: Saying | null | undefined, said: string): string {
  const { language } = i18next;
  if (language === "en" || !saying || !i18next.exists(`said:sentence.${saying.code}`)) return said;
  const { number } = formatter(language);
  const values = Object.fromEntries(Object.entries(saying.params).map(([name, value]) => [name, typeof value === "number" ? number(value) : value]));
  return i18next.t(`sentence.${saying.code as Code}`, { ns: "said", ...values }); // it exists
}
