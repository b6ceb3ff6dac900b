import { useTranslation } from "react-i18next";
import { useReason } from "../reasons/ReasonName";
import type { Alert, AlertWords } from "../shared/api";
import { useFormat } from "../shared/format";

/** Rules and alerts as sentences in the reader's language. */
export function useAlertWords(): { rule: (words: AlertWords, source_name: string) => string; alert: (alert: Alert) => string } {
  const { t } = useTranslation("alerts");
  const format = useFormat();
  const reason = useReason();
  const what = ({ outcome, reason: code }: AlertWords) => (code ? t("reason", { title: reason.title(code) }) : t(`outcome.${outcome}`));
  const where = (source_name: string) => source_name || t("everywhere");
  return {
    rule: (words, source_name) =>
      words.kind === "silence"
        ? t("rule.silence", { where: where(source_name), count: words.window_minutes })
        : t(words.kind === "share" ? "rule.share" : "rule.count", { where: where(source_name), what: what(words), limit: words.kind === "share" ? format.percent(words.limit / 100, 2) : format.number(words.limit), count: words.window_minutes }),
    alert: ({ rule, source_name, value, worst, cleared_at }) => {
      const shown = cleared_at ? worst : value;
      if (rule.kind === "silence") return t("alert.silence", { where: where(source_name), count: Math.round(shown) });
      return t(rule.kind === "share" ? "alert.share" : "alert.count", { where: where(source_name), what: what(rule), value: rule.kind === "share" ? format.percent(shown / 100) : format.number(shown), count: rule.window_minutes });
    },
  };
}
