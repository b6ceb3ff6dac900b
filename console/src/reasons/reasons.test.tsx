import { screen } from "@testing-library/react";
import i18next from "i18next";
import { afterEach, describe, expect, it } from "vitest";
import { chooseLanguage } from "../app/i18n";
import { draw } from "../shared/testing/render";
import { useReason } from "./ReasonName";

function Sentence({ codes, said }: { codes: readonly string[]; said: string }) {
  return <p>{useReason().sentence(codes, said)}</p>;
}

const SAID = "The name of an event has at most 200 characters, this one has 3,012.";

describe("why an event was rejected", () => {
  afterEach(() => chooseLanguage("en"));

  it("is told as the shop says it where English is read", () => {
    draw(<Sentence codes={["event_name_too_long"]} said={SAID} />);
    expect(screen.getByText(SAID)).toBeTruthy();
  });

  it("is told in the reader's language, every reason of it", async () => {
    await chooseLanguage("ja");
    draw(<Sentence codes={["event_name_too_long", "blanks_removed"]} said={SAID} />);
    expect(screen.getByText("イベント名が 200 文字を超えています。ID や名前の前後の空白を取りました。")).toBeTruthy();
  });

  it("falls back to the shop's sentence for a reason that this console does not know", async () => {
    await chooseLanguage("ja");
    expect(i18next.language).toBe("ja");
    draw(<Sentence codes={["blanks_removed", "of_a_newer_version"]} said={SAID} />);
    expect(screen.getByText(SAID)).toBeTruthy();
  });
});
