import { afterEach, describe, expect, it } from "vitest";
import { chooseLanguage } from "../app/i18n";
import { Problem, type Saying } from "./api";
import { inWords, sentencesOf } from "./saying";

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

describe("what could not be done", () => {
  const faults = ["A name must have 1 to 120 characters.", "The email address must look like name@domain."];
  const sayings: Saying[] = [{ code: "person_name", params: { most: 120 } }, { code: "person_email", params: {} }];

  it("is told by its own sentence, without the faults that it holds already", async () => {
    const problem = new Problem({ detail: "This is the last admin. Make somebody else an admin first.", said: { code: "last_admin", params: {} } }, 409);
    expect(sentencesOf(problem)).toEqual(["This is the last admin. Make somebody else an admin first."]);
    await chooseLanguage("zh-TW");
    expect(sentencesOf(problem)).toEqual(["這是最後一位管理員，請先把別人設為管理員。"]);
  });

  it("is told by its faults where only they can be said in the reader's language", async () => {
    const detail = `This person cannot be let in like this. ${faults[0]}`;
    const problem = new Problem({ detail, problems: faults, problems_said: sayings }, 400);
    expect(sentencesOf(problem)).toEqual([detail, faults[1]]);
    await chooseLanguage("ja");
    expect(sentencesOf(problem)).toEqual(["名前は 1〜120 文字で入力してください。", "メールアドレスは name@domain の形で入力してください。"]);
  });

  it("stays whole in English where one of its faults has no words", async () => {
    await chooseLanguage("ja");
    const problem = new Problem({ detail: "The plan cannot be used.", problems: faults, problems_said: [null, ...sayings.slice(1)] }, 400);
    expect(sentencesOf(problem)).toEqual(["The plan cannot be used.", faults[0], "メールアドレスは name@domain の形で入力してください。"]);
  });
});
