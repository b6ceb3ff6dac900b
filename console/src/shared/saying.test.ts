import { afterEach, expect, it } from "vitest";
import { chooseLanguage } from "../app/i18n";
import { inWords } from "./saying";

const SAID = "More than 100,000 events wait, and no more are kept. Look at what holds them up.";
const SAYING = { code: "too_much_waits", params: { most: 100_000 } };

afterEach(() => chooseLanguage("en"));

it("says a sentence of the shop's in the reader's language, with its values as they are written there", async () => {
  await chooseLanguage("ja");
  expect(inWords(SAYING, SAID)).toBe("待機中のイベントが 100,000 件を超えたため、これ以上はためません。滞っている原因を確認してください。");
  await chooseLanguage("zh-TW");
  expect(inWords({ code: "no_host", params: { host: "hooks.exmaple" } }, "")).toBe("找不到「hooks.exmaple」這個主機。");
});

it("says it as the shop did where English is read", () => {
  expect(inWords(SAYING, SAID)).toBe(SAID);
});

it("says it as the shop did where this console has no words for it", async () => {
  await chooseLanguage("ja");
  expect(inWords({ code: "of_a_newer_version", params: {} }, SAID)).toBe(SAID);
  expect(inWords(null, SAID)).toBe(SAID);
});
