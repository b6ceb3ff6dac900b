import { describe, expect, it } from "vitest";
import { formatter } from "./format";

const NOW = Date.parse("2026-11-22T12:00:00Z");
const [en, zh, ja] = ["en", "zh-TW", "ja"].map((language) => formatter(language, "Asia/Taipei")) as [ReturnType<typeof formatter>, ReturnType<typeof formatter>, ReturnType<typeof formatter>];

describe("numbers", () => {
  it("are grouped, and shortened only when they are long", () => {
    expect(en.number(1234567)).toBe("1,234,567");
    expect(en.compact(9999)).toBe("9,999");
    expect(en.compact(12345)).toBe("12.3K");
    expect(zh.compact(12345)).toBe("1.2萬");
    expect(ja.compact(12345)).toBe("1.2万");
  });

  it("say shares as percent", () => {
    expect(en.percent(0.0345)).toBe("3.5%");
  });

  it("say sizes in the nearest unit", () => {
    expect(en.bytes(0)).toBe("0 bytes");
    expect(en.bytes(32_768)).toBe("33 kB");
    expect(en.bytes(1_500_000)).toBe("1.5 MB");
  });
});

describe("durations", () => {
  it.each([[0.4, "0.4 ms"], [12, "12 ms"], [1_400, "1.4 sec"], [59_000, "59 sec"], [180_000, "3 min"], [7_200_000, "2 hr"]])("%s ms is %s", (ms, words) => {
    expect(en.duration(ms)).toBe(words);
  });
});

describe("moments", () => {
  it("stand in one time zone, on a clock of 24 hours", () => {
    expect(en.clock("2026-11-22T16:05:00Z")).toBe("00:05");
    expect(zh.day("2026-11-22T16:05:00Z")).toBe("2026年11月23日");
  });

  it.each([[0, "now"], [3_000, "3 sec. ago"], [119_000, "1 min. ago"], [3 * 3_600_000, "3 hr. ago"], [26 * 3_600_000, "yesterday"]])("%s ms ago is %s", (age, words) => {
    expect(en.ago(NOW - age, NOW)).toBe(words);
  });

  it("are said by each language's own rule", () => {
    expect(zh.ago(NOW - 3_000, NOW)).toBe("3 秒前");
    expect(ja.ago(NOW - 120_000, NOW)).toBe("2 分前");
  });
});
