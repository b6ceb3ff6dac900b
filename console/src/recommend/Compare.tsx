import { HoverCard } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Cover, coverItem } from "../catalog/Cover";
import { spokenTitle, tagsOf } from "../catalog/tags";
import { ChartSkeleton, EmptyState, ErrorState, Section, useFormat } from "../shared";
import type { SlateItem, Slot } from "../shared/api";
import css from "./Compare.module.css";
import { type Difference, differencesOf, inOrder, overlap, type Strategy } from "./differences";
import { compareQuery } from "./queries";
import { reasonText } from "./reasons";
import { knobsOf, type SlotsSearch } from "./search";

const COUNT_MAX = 12;

/** Each strategy's slate for the same customer, side by side, in order; what differs is marked. */
export function Compare({ slot, search, customer }: { slot: Slot; search: SlotsSearch; customer: string | null }) {
  const { t } = useTranslation("recommend");
  const format = useFormat();
  const knobs = knobsOf(search, slot);
  const comparison = useQuery({ ...compareQuery({ slot: slot.name, customer_id: customer, count: Math.min(COUNT_MAX, slot.count), ...knobs }), placeholderData: keepPreviousData, staleTime: 2_000 });
  const strategies = useMemo(() => inOrder(comparison.data?.strategies ?? [], slot.policy), [comparison.data, slot.policy]);
  const differences = useMemo(() => differencesOf(strategies), [strategies]);
  const [hovered, setHovered] = useState<string | null>(null);
  const [first] = strategies;
  return (
    <Section title={t("compare.title")} hint={t("compare.hint")}>
      {comparison.isPending && <ChartSkeleton height={520} />}
      {comparison.error && !comparison.data && <ErrorState size="small" error={comparison.error} retry={() => void comparison.refetch()} />}
      {comparison.data && strategies.every((each) => each.slate.items.length === 0) && <EmptyState size="small" title={t("compare.nothing")} text={t("compare.nothing_text")} />}
      {strategies.length > 1 && (
        <ul className={css.key} aria-hidden>
          <li><span className={css.mark} data-way="only" />{t("compare.alone")}</li>
          <li><span className={css.mark} data-way="new" />{t("compare.not_served")}</li>
          <li><span className={css.mark} data-way="up">↑2</span>{t("compare.higher", { count: 2 })}</li>
        </ul>
      )}
      <div className={css.columns} data-waiting={comparison.isPlaceholderData || undefined}>
        {strategies.map((strategy) => (
          <div key={strategy.policy} className={css.column}>
            <header className={css.head}>
              <h3>{t(`policy.${strategy.policy}`)}</h3>
              <p>{strategy.policy === slot.policy ? <span className={css.served}>{t("compare.served")}</span> : first && t("compare.shared", { share: format.percent(overlap(first, strategy), 0) })}</p>
              {strategy.slate.stale && <p className={css.stale}>{t("compare.stale")}</p>}
            </header>
            <Ranking strategy={strategy} differences={differences.get(strategy.policy)} isServed={strategy.policy === slot.policy} hovered={hovered} onHover={setHovered} />
          </div>
        ))}
      </div>
    </Section>
  );
}

interface RankingProps {
  strategy: Strategy;
  differences: ReadonlyMap<string, Difference> | undefined;
  isServed: boolean;
  hovered: string | null;
  onHover: (item_id: string | null) => void;
}

function Ranking({ strategy, differences, isServed, hovered, onHover }: RankingProps) {
  const { t } = useTranslation("recommend");
  if (strategy.slate.items.length === 0) return <p className={css.nothing}>{t("compare.empty")}</p>;
  return (
    <ol className={css.ranking}>
      {strategy.slate.items.map((item, at) => (
        <li key={item.item_id}>
          <HoverCard width={280} position="right-start" openDelay={250} withinPortal shadow="md">
            <HoverCard.Target>
              <Link
                to="/catalog"
                search={{ item: item.item_id }}
                className={css.row}
                data-same={hovered === item.item_id || undefined}
                onMouseEnter={() => onHover(item.item_id)}
                onMouseLeave={() => onHover(null)}
                onFocus={() => onHover(item.item_id)}
                onBlur={() => onHover(null)}
              >
                <span className={css.rank}>{at + 1}</span>
                <Cover item={coverItem(item)} size={40} />
                <span className={css.words}>
                  <span className={css.title}>{spokenTitle(item.title)}</span>
                  <span className={css.reason}>{item.reasons[0] ? reasonText(t, item.reasons[0]) : ""}</span>
                </span>
                {!isServed && <Mark difference={differences?.get(item.item_id)} />}
              </Link>
            </HoverCard.Target>
            <HoverCard.Dropdown><Why item={item} /></HoverCard.Dropdown>
          </HoverCard>
        </li>
      ))}
    </ol>
  );
}

function Mark({ difference }: { difference: Difference | undefined }) {
  const { t } = useTranslation("recommend");
  if (!difference) return null;
  if (difference.moved === null) {
    const words = t(difference.alone ? "compare.alone" : "compare.not_served");
    return <span className={css.mark} data-way={difference.alone ? "only" : "new"} role="img" aria-label={words} title={words} />;
  }
  if (difference.moved === 0) return <span className={css.mark} aria-label={t("compare.same")}>=</span>;
  const up = difference.moved > 0;
  return <span className={css.mark} data-way={up ? "up" : "down"} title={t(up ? "compare.higher" : "compare.lower", { count: Math.abs(difference.moved) })}>{up ? "↑" : "↓"}{Math.abs(difference.moved)}</span>;
}

function Why({ item }: { item: SlateItem }) {
  const { t } = useTranslation("recommend");
  const format = useFormat();
  return (
    <div className={css.why}>
      <p className={css.whyTitle}>{spokenTitle(item.title)}</p>
      <p className={css.whyTags}>{tagsOf(coverItem(item)).slice(0, 4).map((tag) => tag.value).join(" · ")}</p>
      <ul>
        {item.reasons.map((reason, at) => (
          <li key={at}>
            <span>{reasonText(t, reason)}</span>
            <span className={css.share}>{format.percent(reason.share, 0)}</span>
            <span className={css.meter} aria-hidden><span style={{ width: `${Math.min(1, reason.share) * 100}%` }} /></span>
          </li>
        ))}
      </ul>
      <p className={css.source}>{t("compare.score", { score: format.decimal(item.score, 3), sources: format.list(item.sources.map((source) => t(`policy.${source}` as "policy.blend", { defaultValue: source }))) })}</p>
    </div>
  );
}
