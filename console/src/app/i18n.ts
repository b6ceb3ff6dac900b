import i18next from "i18next";
import { initReactI18next } from "react-i18next";

export const LANGUAGES = ["zh-TW", "en", "ja"] as const;
export type Language = (typeof LANGUAGES)[number];
export const LANGUAGE_NAMES: Record<Language, string> = { "zh-TW": "繁體中文", en: "English", ja: "日本語" };
const KEPT_AS = "regulars-language";

const words: Record<Language, () => Promise<{ default: Record<string, Record<string, unknown>> }>> = {
  "zh-TW": () => import("./languages/zh-TW"),
  en: () => import("./languages/en"),
  ja: () => import("./languages/ja"),
};

/** The nearest of our languages to what a browser asks for: every Chinese is zh-TW, anything unknown is English. */
export function nearestLanguage(wishes: readonly string[]): Language {
  for (const wish of wishes) {
    const lower = wish.toLowerCase();
    if (lower.startsWith("zh")) return "zh-TW";
    if (lower.startsWith("ja")) return "ja";
    if (lower.startsWith("en")) return "en";
  }
  return "en";
}

async function bring(language: Language): Promise<void> {
  if (i18next.hasResourceBundle(language, "app")) return;
  const { default: nouns } = await words[language]();
  for (const [noun, content] of Object.entries(nouns)) i18next.addResourceBundle(language, noun, content, true, true);
}

export async function startLanguage(): Promise<void> {
  const kept = localStorage.getItem(KEPT_AS);
  const language = nearestLanguage(kept ? [kept] : navigator.languages);
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: "en",
    defaultNS: "app",
    ns: [],
    resources: {},
    interpolation: { escapeValue: false }, // React escapes
    react: { useSuspense: false },
  });
  await Promise.all([bring(language), bring("en")]);
  await speak(language);
}

export async function speak(language: Language): Promise<void> {
  await bring(language);
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
}

export async function chooseLanguage(language: Language): Promise<void> {
  localStorage.setItem(KEPT_AS, language);
  await speak(language);
}
