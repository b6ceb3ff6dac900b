import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { LANGUAGES, nearestLanguage } from "./i18n";
import { gather } from "./languages/gather";

const NOUNS = readdirSync("src", { withFileTypes: true }).filter((each) => each.isDirectory() && readdirSync(join("src", each.name)).includes("locales")).map((each) => each.name);
const PLURAL = /_(zero|one|two|few|many|other)$/;

function words(noun: string, language: string): Map<string, string> {
  const found = new Map<string, string>();
  const walk = (value: unknown, path: string) => {
    if (typeof value === "string") found.set(path, value);
    else for (const [key, inner] of Object.entries(value as Record<string, unknown>)) walk(inner, path ? `${path}.${key}` : key);
  };
  walk(JSON.parse(readFileSync(join("src", noun, "locales", `${language}.json`), "utf8")), "");
  return found;
}

const meanings = (of: Map<string, string>) => [...new Set([...of.keys()].map((key) => key.replace(PLURAL, "")))].sort();
const places = (text: string) => [...text.matchAll(/{{\s*([\w.]+)/g), ...text.matchAll(/<(\w+)>/g)].map((each) => each[1]).sort();

describe.each(NOUNS)("the words of %s", (noun) => {
  it.each(LANGUAGES)("are all there in %s", (language) => {
    expect(meanings(words(noun, language))).toEqual(meanings(words(noun, "en")));
  });

  it.each(LANGUAGES)("have every plural form that %s needs", (language) => {
    const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    const keys = [...words(noun, language).keys()];
    const counted = new Set(keys.filter((key) => PLURAL.test(key)).map((key) => key.replace(PLURAL, "")));
    for (const meaning of counted) for (const form of forms) expect(keys, `${meaning} in ${language}`).toContain(`${meaning}_${form}`);
  });

  it.each(LANGUAGES)("name the same values in %s as in English", (language) => {
    const english = words(noun, "en");
    for (const [key, text] of words(noun, language)) {
      const model = english.get(key) ?? english.get(key.replace(PLURAL, "_other"));
      if (model !== undefined) expect(places(text), `${noun}: ${key}`).toEqual(places(model));
    }
  });

  it("are never empty", () => {
    for (const language of LANGUAGES) for (const [key, text] of words(noun, language)) expect(text.trim(), `${language}: ${key}`).not.toBe("");
  });
});

describe("choosing a language", () => {
  it("takes every Chinese for zh-TW and the unknown for English", () => {
    expect(nearestLanguage(["zh-HK", "en"])).toBe("zh-TW");
    expect(nearestLanguage(["fr-FR", "ja-JP"])).toBe("ja");
    expect(nearestLanguage(["fr-FR"])).toBe("en");
  });

  it("gives each noun its own words, and the shell's to app", () => {
    expect(gather({ "../locales/en.json": { a: "1" }, "../../today/locales/en.json": { b: "2" } })).toEqual({ app: { a: "1" }, today: { b: "2" } });
  });
});
