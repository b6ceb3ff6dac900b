import { Popover, UnstyledButton } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { DataTable, EmptyState, Section, type TableColumn, TimeAgo, useFormat } from "../shared";
import type { Profile, Trait } from "../shared/api";
import css from "./Known.module.css";

interface TraitRow extends Trait {
  name: string;
}

const shown = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** What was said about them, with what was said before, and how often they did what. */
export function Known({ profile }: { profile: Profile }) {
  const { t } = useTranslation("profiles");
  const traits = Object.entries(profile.traits).map(([name, trait]): TraitRow => ({ name, ...trait }));
  const counters = Object.entries(profile.counters).map(([name, counter]) => ({ name, ...counter }));
  const traitColumns: TableColumn<TraitRow>[] = [
    { key: "name", title: t("known.trait"), width: 140, value: (row) => row.name },
    { key: "value", title: t("known.value"), width: 220, value: (row) => shown(row.value), cell: (row) => <TraitValue row={row} /> },
    { key: "updated_at", title: t("known.updated"), width: 120, value: (row) => row.updated_at, cell: (row) => <TimeAgo at={row.updated_at} /> },
  ];
  const counterColumns: TableColumn<(typeof counters)[number]>[] = [
    { key: "name", title: t("known.event"), width: 200, value: (row) => row.name },
    { key: "count", title: t("known.times"), width: 80, align: "end", value: (row) => row.count },
    { key: "last", title: t("known.last"), width: 120, value: (row) => row.last, cell: (row) => <TimeAgo at={row.last} /> },
  ];
  return (
    <div className={css.pair}>
      <Section title={t("known.traits")} flush>
        <DataTable label={t("known.traits")} columns={traitColumns} rows={traits} rowKey={(row) => row.name} empty={<EmptyState size="small" title={t("known.no_traits")} text={t("known.no_traits_text")} />} />
      </Section>
      <Section title={t("known.counters")} flush>
        <DataTable label={t("known.counters")} columns={counterColumns} rows={counters} rowKey={(row) => row.name} sort={{ key: "count", down: true }} empty={<EmptyState size="small" title={t("story.none")} />} />
      </Section>
    </div>
  );
}

function TraitValue({ row }: { row: TraitRow }) {
  const { t } = useTranslation("profiles");
  const format = useFormat();
  if (row.history.length === 0) return <span className={css.value}>{shown(row.value)}</span>;
  return (
    <Popover width={280} position="bottom-start">
      <Popover.Target>
        <UnstyledButton className={css.history} aria-label={t("known.history", { name: row.name })}>{shown(row.value)}</UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown>
        <ol className={css.before}>
          {row.history.map((before, at) => <li key={at}><span>{shown(before.value)}</span><time dateTime={before.at}>{format.moment(before.at)}</time></li>)}
        </ol>
      </Popover.Dropdown>
    </Popover>
  );
}
