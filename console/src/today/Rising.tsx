import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Cover } from "../catalog/Cover";
import { useItems } from "../catalog/queries";
import { spokenTitle } from "../catalog/tags";
import { EmptyState, Section, Sparkline, useFormat } from "../shared";
import type { Today } from "../shared/api";
import css from "./Rising.module.css";

const SHOWN = 6;
const NEARLY_A_DAY_MS = 23.5 * 3_600_000; // items are counted in steps of five minutes

interface Row {
  item_id: string;
  title: string;
  count: number;
  growth?: number;
  spark?: number[];
}

/** What customers turn to more than an hour ago; while nothing rises, what they turn to most. */
export function Rising({ today }: { today: Today }) {
  const { t } = useTranslation("today");
  const format = useFormat();
  const rising = today.rising.length > 0;
  const short = Date.parse(today.at) - Date.parse(today.items_since) < NEARLY_A_DAY_MS;
  const top = short ? t("rising.top_since", { since: format.moment(today.items_since) }) : t("rising.top_hint");
  const rows: Row[] = (rising ? today.rising : today.top_items).slice(0, SHOWN);
  const items = useItems(rows.map((row) => row.item_id));
  return (
    <Section title={rising ? t("rising.title") : t("rising.top")} hint={rising ? t("rising.hint") : top}>
      {rows.length === 0 && <EmptyState size="small" title={t("rising.none")} text={t("rising.none_text")} />}
      <ol className={css.rows}>
        {rows.map((row) => {
          const item = items.get(row.item_id) ?? { item_id: row.item_id, title: row.title, kind: "item", tags: [], attributes: {} };
          return (
            <li key={row.item_id}>
              <Link to="/catalog" search={{ item: row.item_id }} className={css.row}>
                <Cover item={item} size={36} />
                <span className={css.title}>{spokenTitle(row.title)}</span>
                {row.spark && <Sparkline values={row.spark} width={88} height={26} label={t("rising.spark", { from: row.spark[0] ?? 0, to: row.spark.at(-1) ?? 0 })} />}
                <span className={css.numbers}>
                  {row.growth !== undefined && <strong className={css.growth}>×{format.decimal(row.growth, 1)}</strong>}
                  <span className={css.count}>{format.number(row.count)}</span>
                </span>
              </Link>
            </li>
          );
        })}
      </ol>
    </Section>
  );
}
