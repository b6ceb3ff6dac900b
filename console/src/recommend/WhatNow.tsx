import { Tooltip } from "@mantine/core";
import { useQueries, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Cover, coverItem } from "../catalog/Cover";
import { spokenTitle } from "../catalog/tags";
import { ChartSkeleton, EmptyState, ErrorState, Section } from "../shared";
import type { SlateItem, Slot } from "../shared/api";
import { compareQuery, slotsQuery } from "./queries";
import { reasonText } from "./reasons";
import css from "./WhatNow.module.css";

const SHOWN = 10;
const SLOTS = 3;

/** What each slot would show this customer at this moment, with why. Looking logs nothing. */
export function WhatNow({ customerId }: { customerId: string }) {
  const { t } = useTranslation("recommend");
  const slots = useQuery(slotsQuery);
  const wanted = (slots.data ?? []).slice(0, SLOTS);
  const slates = useQueries({ queries: wanted.map((slot) => ({ ...compareQuery({ slot: slot.name, customer_id: customerId, count: SHOWN }), refetchInterval: 10_000 })) });
  return (
    <Section title={t("now.title")} hint={t("now.hint")}>
      {slots.isPending && <ChartSkeleton height={300} />}
      {slots.error && <ErrorState size="small" error={slots.error} retry={() => void slots.refetch()} />}
      {slots.data?.length === 0 && <EmptyState size="small" title={t("now.no_slots")} text={t("now.no_slots_text")} action={<Link to="/recommend">{t("now.make")}</Link>} />}
      {wanted.map((slot, at) => {
        const answer = slates[at];
        const strategy = answer?.data?.strategies.find((each) => each.policy === slot.policy) ?? answer?.data?.strategies[0];
        return <Strip key={slot.name} slot={slot} customerId={customerId} items={strategy?.slate.items} error={answer?.error ?? null} />;
      })}
    </Section>
  );
}

function Strip({ slot, customerId, items, error }: { slot: Slot; customerId: string; items: readonly SlateItem[] | undefined; error: Error | null }) {
  const { t } = useTranslation("recommend");
  return (
    <div className={css.strip}>
      <p className={css.head}>
        <Link to="/recommend" search={{ slot: slot.name, customer: customerId }} className={css.slot}>{slot.title || slot.name}</Link>
        <span>{t(`policy.${slot.policy}`)}</span>
      </p>
      {error && !items ? (
        <p className={css.nothing}>{error.message}</p>
      ) : items === undefined ? (
        <ChartSkeleton height={98} />
      ) : items.length === 0 ? (
        <p className={css.nothing}>{t("now.empty")}</p>
      ) : (
        <ol className={css.items}>
          {items.map((item) => (
            <li key={item.item_id}>
              <Tooltip multiline maw={240} label={<><strong>{spokenTitle(item.title)}</strong>{item.reasons[0] && <><br />{reasonText(t, item.reasons[0])}</>}</>}>
                <Link to="/catalog" search={{ item: item.item_id }} className={css.item} aria-label={[item.title, item.reasons[0] ? reasonText(t, item.reasons[0]) : ""].join(". ")}>
                  <Cover item={coverItem(item)} shape="poster" />
                </Link>
              </Tooltip>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}
