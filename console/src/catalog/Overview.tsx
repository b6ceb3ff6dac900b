import { useComputedColorScheme } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { BarCell, paletteOf, Section, seriesColour, useFormat } from "../shared";
import type { CatalogSummary } from "../shared/api";
import { paletteOf as wordPalette } from "./cover-art";
import css from "./Overview.module.css";
import type { CatalogSearch } from "./search";

const TAGS = 28;
const ATTRIBUTES = 8;

interface OverviewProps {
  summary: CatalogSummary;
  search: CatalogSearch;
  onChange: (next: Partial<CatalogSearch>) => void;
}

/** What the shop has, as a picture: kinds by share, tags by size, and how fully each attribute is filled. */
export function Overview({ summary, search, onChange }: OverviewProps) {
  const { t } = useTranslation("catalog");
  const format = useFormat();
  const scheme = useComputedColorScheme("light");
  const kinds = summary.kinds.map((each) => each.kind);
  const colour = (kind: string) => seriesColour(kind, kinds, paletteOf(scheme));
  return (
    <Section>
      <p className={css.sentence}>{t("overview.sentence", { count: summary.items, items: format.number(summary.items), available: format.number(summary.available) })}</p>
      <div className={css.kinds} role="group" aria-label={t("overview.kinds")}>
        {summary.kinds.map((each) => (
          <button key={each.kind} type="button" className={css.kind} aria-pressed={search.kind === each.kind} style={{ flexGrow: each.count, ["--kind" as string]: colour(each.kind) }} onClick={() => onChange({ kind: search.kind === each.kind ? undefined : each.kind })}>
            <span className={css.kindBar} />
            <span className={css.kindName}>{each.kind} <span>{format.number(each.count)}</span></span>
          </button>
        ))}
      </div>
      <div className={css.pair}>
        <div>
          <h3 className={css.head}>{t("overview.tags")}</h3>
          <TagCloud summary={summary} search={search} onChange={onChange} />
        </div>
        <div>
          <h3 className={css.head}>{t("overview.filled")}</h3>
          <ul className={css.attributes}>
            {summary.attributes.slice(0, ATTRIBUTES).map((attribute) => (
              <li key={attribute.name}>
                <span className={css.attribute}>{attribute.name} <small>{t(`type.${attribute.type}` as "type.text", { defaultValue: attribute.type })}</small></span>
                <BarCell share={attribute.filled_share} colour={attribute.filled_share < 0.5 ? "var(--watch)" : "var(--good)"} />
                <span className={css.share}>{format.percent(attribute.filled_share, 0)}</span>
              </li>
            ))}
          </ul>
        </div>
      </div>
    </Section>
  );
}

/** Tags as chips, larger where more items carry them, always in the colour their covers have. */
function TagCloud({ summary, search, onChange }: OverviewProps) {
  const format = useFormat();
  const tags = summary.tags.slice(0, TAGS);
  const most = Math.max(1, ...tags.map((tag) => tag.count));
  return (
    <ul className={css.tags}>
      {tags.map((tag) => {
        const name = `${tag.kind}:${tag.value}`;
        const size = 12 + Math.sqrt(tag.count / most) * 6;
        return (
          <li key={name}>
            <button type="button" className={css.tag} aria-pressed={search.tag === name} style={{ fontSize: size }} title={tag.kind} onClick={() => onChange({ tag: search.tag === name ? undefined : name })}>
              <span className={css.dot} style={{ background: wordPalette(tag.value).ground }} aria-hidden />
              {tag.value}
              <span className={css.count}>{format.compact(tag.count)}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
