import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Figure, Figures, useFormat } from "../shared";
import type { Outcome, Today } from "../shared/api";
import css from "./Outcomes.module.css";

export const OUTCOMES: readonly Outcome[] = ["accepted", "corrected", "duplicate", "rejected"];
const TONES = { accepted: "plain", corrected: "plain", duplicate: "plain", rejected: "bad" } as const;

/** What became of the facts of the last day, four figures that lead to the facts themselves. */
export function Outcomes({ today }: { today: Today }) {
  const { t } = useTranslation("today");
  const format = useFormat();
  const total = OUTCOMES.reduce((sum, outcome) => sum + today.outcomes[outcome], 0);
  return (
    <div className={css.outcomes}>
      <Figures>
        {OUTCOMES.map((outcome) => {
          const count = today.outcomes[outcome];
          return (
            <Figure
              key={outcome}
              label={t(`outcome.${outcome}`)}
              value={format.number(count)}
              note={total > 0 ? format.percent(count / total, count / total < 0.01 ? 2 : 1) : undefined}
              tone={count > 0 ? TONES[outcome] : "plain"}
              definition={t(`outcome.${outcome}_means`)}
              at={today.at}
              query="GET /v1/today"
              behind={outcome === "accepted" ? <Link to="/events" search={{ outcome }}>{t("outcome.open")}</Link> : <Link to="/events/rejected" search={{ outcome }}>{t("outcome.why")}</Link>}
            />
          );
        })}
      </Figures>
    </div>
  );
}
