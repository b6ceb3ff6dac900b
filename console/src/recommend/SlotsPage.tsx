import { Button } from "@mantine/core";
import { IconLayoutGrid, IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import { ChartSkeleton, EmptyState, ErrorState, Page, Section } from "../shared";
import type { Slot } from "../shared/api";
import { Compare } from "./Compare";
import { Knobs } from "./Knobs";
import { Models } from "./Models";
import { Performance } from "./Performance";
import { latestCustomerQuery, slotsQuery } from "./queries";
import { NEWCOMER, type SlotsSearch } from "./search";
import { SlotDrawer } from "./SlotDrawer";
import css from "./SlotsPage.module.css";
import { Stage } from "./Stage";

const FIRST = "home"; // the slot most shops begin with; any other first one otherwise

export function SlotsPage() {
  const { t } = useTranslation("recommend");
  const search = useSearch({ from: "/shell/recommend" });
  const navigate = useNavigate({ from: "/recommend" });
  const change = useCallback((next: Partial<SlotsSearch>) => void navigate({ search: (before) => ({ ...before, ...next }), replace: true }), [navigate]);
  const [editing, setEditing] = useState<Slot | "new" | null>(null);
  const slots = useQuery(slotsQuery);
  const latest = useQuery({ ...latestCustomerQuery, enabled: search.customer === undefined });
  const customer = search.customer === NEWCOMER ? null : (search.customer ?? latest.data ?? null);
  const known = search.customer !== undefined || !latest.isPending;
  const slot = slots.data?.find((each) => each.name === search.slot) ?? slots.data?.find((each) => each.name === FIRST) ?? slots.data?.[0] ?? null;
  return (
    <Page title={t("title")} question={t("question")} tools={<Button variant="default" leftSection={<IconPlus size={16} stroke={1.5} />} onClick={() => setEditing("new")}>{t("slot.new")}</Button>}>
      {slots.isPending && <Waiting />}
      {slots.error && !slots.data && <ErrorState error={slots.error} retry={() => void slots.refetch()} />}
      {slots.data && !slot && (
        <Section>
          <EmptyState icon={<IconLayoutGrid size={22} stroke={1.5} />} title={t("empty.title")} text={t("empty.text")} action={<Button onClick={() => setEditing("new")}>{t("empty.action")}</Button>} />
        </Section>
      )}
      {slots.data && slot && (
        <>
          <Stage slots={slots.data} slot={slot} customer={customer} onChange={change} onEdit={() => setEditing(slot)} />
          <div className={css.bench}>
            <Knobs slot={slot} search={search} onChange={change} />
            {known ? <Compare slot={slot} search={search} customer={customer} /> : <Section><ChartSkeleton height={420} /></Section>}
          </div>
          <Performance slot={slot} />
        </>
      )}
      <Models />
      {editing && <SlotDrawer slot={editing === "new" ? null : editing} onClose={() => setEditing(null)} onSaved={(saved) => change({ slot: saved?.name })} />}
    </Page>
  );
}

function Waiting() {
  return (
    <>
      <Section><ChartSkeleton height={36} /></Section>
      <div className={css.bench}>
        <Section><ChartSkeleton height={420} /></Section>
        <Section><ChartSkeleton height={420} /></Section>
      </div>
    </>
  );
}
