import i18next from "i18next";
import type words from "../said/locales/en.json";
import type { Problem, Saying } from "./api";
import { formatter } from "./format";

type Code = keyof typeof words.sentence;

const isKnown = (saying: Saying | null | undefined): saying is Saying => !!saying && i18next.exists(`said:sentence.${saying.code}`);

/** What the shop says, in the reader's language: by its code and values where this console knows them, else as it was said,
 * which is English. A component that draws it uses `useTranslation`, so that it is drawn again in another language. */
export function inWords(saying: Saying | null | undefined, said: string): string {
  const { language } = i18next;
  if (language === "en" || !isKnown(saying)) return said;
  const { number } = formatter(language);
  const values = Object.fromEntries(Object.entries(saying.params).map(([name, value]) => [name, typeof value === "number" ? number(value) : value]));
  return i18next.t(`sentence.${saying.code as Code}`, { ns: "said", ...values }); // it exists
}

/** What could not be done, sentence by sentence. A detail that this console cannot say gives way to faults that it can: it
 * only begins with what they say, and its kind is the title. */
export function sentencesOf({ detail, problems, said, problemsSaid }: Problem): string[] {
  const lines = problems.map((each, at) => inWords(problemsSaid[at], each));
  const toldByLines = i18next.language !== "en" && !isKnown(said) && problems.length > 0 && problems.every((_, at) => isKnown(problemsSaid[at]));
  if (toldByLines) return lines;
  return [inWords(said, detail), ...lines.filter((_, at) => !detail.includes(problems[at] ?? ""))];
}
