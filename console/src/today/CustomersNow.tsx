import { useElementSize } from "@mantine/hooks";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { paletteOf as wordPalette } from "../catalog/cover-art";
import { EmptyState, Section, useFormat } from "../shared";
import type { Today } from "../shared/api";
import css from "./CustomersNow.module.css";
import { tilesOf } from "./tiles";

const HEIGHT = 252;
const REST = "\u0000rest"; // no tag is called so

/** Who was in the shop within a day, as tiles whose size is their number: everyone, each once. */
export function CustomersNow({ today }: { today: Today }) {
  const { t } = useTranslation("today");
  const format = useFormat();
  const { ref, width } = useElementSize();
  const { customers } = today;
  const tiles = tilesOf([...customers.tiles, { label: REST, count: customers.rest }], width, HEIGHT);
  return (
    <Section title={t("customers.title")} hint={t("customers.hint", { active: format.number(customers.active_5m), day: format.number(customers.active_24h), fresh: format.number(customers.new_24h), total: format.number(customers.total) })} tools={<Link to="/profiles" className={css.all}>{t("customers.all")}</Link>}>
      <div ref={ref} className={css.map} style={{ height: HEIGHT }} role="list" aria-label={t("customers.title")}>
        {tiles.length === 0 && <EmptyState size="small" title={t("customers.none")} text={t("customers.none_text")} />}
        {tiles.map((tile) => {
          const palette = wordPalette(tile.label);
          const label = tile.label === REST ? t("customers.rest") : tile.label || t("customers.no_taste");
          const roomy = tile.width > 76 && tile.height > 58;
          const inside = roomy ? (
            <>
              <span className={css.name}>{label}</span>
              <span className={css.count}>{format.compact(tile.count)}</span>
            </>
          ) : (
            tile.width > 34 && tile.height > 20 && <span className={css.small}>{label}</span>
          );
          return (
            <div key={tile.label} role="listitem" className={css.tile} title={`${label}: ${format.number(tile.count)}`} style={{ left: tile.x, top: tile.y, width: tile.width, height: tile.height }}>
              {tile.label === REST ? (
                <div className={css.rest}>{inside}</div>
              ) : (
                <Link to="/profiles" search={{ taste: tile.label, seen: "24h" }} className={css.inside} style={{ background: palette.ground, color: palette.ink }} aria-label={roomy ? undefined : `${label}: ${format.number(tile.count)}`}>
                  {inside}
                </Link>
              )}
            </div>
          );
        })}
      </div>
      {tiles.length > 0 && <p className={css.covers}>{t("customers.covers", { count: customers.active_24h, formatted: format.number(customers.active_24h) })}</p>}
    </Section>
  );
}
