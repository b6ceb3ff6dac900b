import { useTranslation } from "react-i18next";
import { Section, useFormat } from "../shared";
import type { Today } from "../shared/api";
import css from "./Loop.module.css";

/** The way of a fact from the door to the next slate, five stations, each with how far it lags. */
export function Loop({ loop }: { loop: Today["loop"] }) {
  const { t } = useTranslation("today");
  const format = useFormat();
  const worst = loop.some((station) => station.state === "stale") ? "stale" : loop.some((station) => station.state === "behind") ? "behind" : "live";
  return (
    <Section title={t("loop.title")} hint={t(`loop.${worst}`)}>
      <ol className={css.loop}>
        {loop.map((station) => (
          <li key={station.station} className={css.station} data-state={station.state} title={t(`loop.detail.${station.station}`, { requests: format.number(station.requests ?? 0), processes: format.number(station.processes ?? 0), records: format.number(station.records ?? 0) })}>
            <span className={css.line} aria-hidden />
            <span className={css.dot} aria-hidden />
            <span className={css.name}>{t(`loop.station.${station.station}`)}</span>
            <span className={css.lag}>
              {format.duration(station.lag_ms)}
              <span className="visually-hidden">{t(`loop.state.${station.state}`)}</span>
            </span>
            <span className={css.detail}>{t(`loop.means.${station.station}`)}</span>
          </li>
        ))}
      </ol>
    </Section>
  );
}
