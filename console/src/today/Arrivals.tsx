import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { BarCell, Section, useFormat } from "../shared";
import type { Today } from "../shared/api";
import css from "./Arrivals.module.css";

const SHOWN = 8;

/** What arrives, by name and by source, as bars. */
export function Arrivals({ today }: { today: Today }) {
  const { t } = useTranslation("today");
  if (today.by_event.length === 0) return null;
  return (
    <div className={css.pair}>
      <Section title={t("arrivals.by_event")}>
        <Bars rows={today.by_event.slice(0, SHOWN).map((row) => ({ key: row.name, name: row.name, count: row.count, search: { name: row.name } }))} />
      </Section>
      <Section title={t("arrivals.by_source")}>
        <Bars rows={today.by_source.slice(0, SHOWN).map((row) => ({ key: row.source_id, name: row.name, count: row.count, search: { source_id: row.source_id } }))} />
      </Section>
    </div>
  );
}

function Bars({ rows }: { rows: readonly { key: string; name: string; count: number; search: Record<string, string> }[] }) {
  const format = useFormat();
  const most = Math.max(1, ...rows.map((row) => row.count));
  return (
    <ul className={css.rows}>
      {rows.map((row) => (
        <li key={row.key}>
          <Link to="/events" search={row.search} className={css.row}>
            <span className={css.name}>{row.name}</span>
            <BarCell share={row.count / most} />
            <span className={css.count}>{format.number(row.count)}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
