import { useMemo } from "react";
import { useTranslation } from "react-i18next";

export type Moment = string | number | Date;

/** Numbers and moments the way a reader of `language` writes them, in one time zone. */
export function formatter(language: string, timeZone?: string) {
  const zone = timeZone ? { timeZone } : {};
  const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
  const short = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 });
  const day = new Intl.DateTimeFormat(language, { year: "numeric", month: "short", day: "numeric", ...zone });
  const dayOfYear = new Intl.DateTimeFormat(language, { month: "short", day: "numeric", ...zone });
  const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...zone });
  const clockSeconds = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", ...zone });
  const full = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23", ...zone });
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });

  return {
    /** 12,345 */
    number: (value: number) => whole.format(value),
    /** 3.42 with the digits asked for */
    decimal: (value: number, digits = 2) =>
      new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value),
    /** 12.3K, 1.2萬 */
    compact: (value: number) => (Math.abs(value) < 10_000 ? whole.format(value) : short.format(value)),
    /** 0.034 → 3.4% */
    percent: (share: number, digits = 1) =>
      new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: digits }).format(share),
    bytes: (count: number) => {
      const steps = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;
      const step = Math.min(steps.length - 1, Math.floor(Math.log10(Math.max(1, count)) / 3));
      return new Intl.NumberFormat(language, { style: "unit", unit: steps[step] ?? "byte", unitDisplay: step === 0 ? "long" : "short", maximumFractionDigits: step > 1 ? 1 : 0 })
        .format(count / 1000 ** step);
    },
    /** 12 ms, 1.4 s, 3 min, 2 h */
    duration: (ms: number) => {
      const [value, unit, digits] = span(ms);
      return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: digits }).format(value);
    },
    day: (at: Moment) => day.format(new Date(at)),
    dayOfYear: (at: Moment) => dayOfYear.format(new Date(at)),
    clock: (at: Moment) => clock.format(new Date(at)),
    clockSeconds: (at: Moment) => clockSeconds.format(new Date(at)),
    moment: (at: Moment) => full.format(new Date(at)),
    /** "3 sec. ago", "yesterday"; the nearest unit that a person would say */
    ago: (at: Moment, now: number = Date.now()) => {
      const [value, unit] = distance((new Date(at).getTime() - now) / 1000);
      return relative.format(value, unit);
    },
    list: (values: readonly string[]) => new Intl.ListFormat(language, { type: "conjunction" }).format(values),
    timeZone: timeZone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone,
  };
}
export type Formatter = ReturnType<typeof formatter>;

function span(ms: number): [number, "millisecond" | "second" | "minute" | "hour" | "day", number] {
  const size = Math.abs(ms);
  if (size < 1_000) return [ms, "millisecond", size < 10 && !Number.isInteger(ms) ? 1 : 0];
  if (size < 60_000) return [ms / 1_000, "second", size < 10_000 ? 1 : 0];
  if (size < 3_600_000) return [ms / 60_000, "minute", 0];
  if (size < 86_400_000) return [ms / 3_600_000, "hour", 1];
  return [ms / 86_400_000, "day", 1];
}

function distance(seconds: number): [number, Intl.RelativeTimeFormatUnit] {
  const size = Math.abs(seconds);
  if (size < 60) return [Math.trunc(seconds), "second"];
  if (size < 3_600) return [Math.trunc(seconds / 60), "minute"];
  if (size < 86_400) return [Math.trunc(seconds / 3_600), "hour"];
  if (size < 86_400 * 30) return [Math.trunc(seconds / 86_400), "day"];
  if (size < 86_400 * 365) return [Math.trunc(seconds / (86_400 * 30)), "month"];
  return [Math.trunc(seconds / (86_400 * 365)), "year"];
}

export function useFormat(): Formatter {
  const { i18n } = useTranslation();
  return useMemo(() => formatter(i18n.language), [i18n.language]);
}
