import { Checkbox, Select, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Section } from "../shared";
import type { HistoryColumn, MappingPart, RowMapping } from "../shared/api";
import css from "./Columns.module.css";
import { countryHere } from "./queries";
import { mayNameOrder, NONE, roleOf, rolesFor, withChangedPart, withOrderPart, withRole } from "./roles";

const TYPES = ["text", "whole", "number", "money", "yes_no", "list", "json"] as const;
const UNITS = ["as_it_is", "cents", "thousandths", "minutes", "hours", "percent"] as const;

export interface ColumnsProps {
  mapping: RowMapping;
  columns: readonly HistoryColumn[];
  onChange: (mapping: RowMapping) => void;
}

/** Every column with a few of its cells; one points at what it means. */
export function Columns({ mapping, columns, onChange }: ColumnsProps) {
  const { t } = useTranslation("imports");
  if (mapping.row === "call") return null;
  const used = columns.filter((each) => roleOf(mapping, each.name) !== NONE).length;
  return (
    <Section flush title={t("columns.title")} hint={t("columns.used", { used, count: columns.length })}>
      <ul className={css.columns}>
        {columns.map((column) => <ColumnRow key={column.name} column={column} mapping={mapping} onChange={onChange} />)}
      </ul>
    </Section>
  );
}

function ColumnRow({ column, mapping, onChange }: { column: HistoryColumn; mapping: RowMapping; onChange: (mapping: RowMapping) => void }) {
  const { t } = useTranslation("imports");
  const role = roleOf(mapping, column.name);
  const groups = rolesFor(mapping.row).map(({ group, roles }) => ({
    group: t(`group.${group as "who"}`),
    items: roles.map((each) => ({ value: each, label: t(`role.${each.replace(":", "_") as "when"}`) })),
  }));
  const known = groups.some((each) => each.items.some((item) => item.value === role));
  return (
    <li className={css.row} data-used={role !== NONE || undefined}>
      <div className={css.cells}>
        <p className={css.name}>{column.name || t("columns.unnamed")}</p>
        <p className={css.samples} title={column.samples.join(" · ")}>{column.samples.length > 0 ? column.samples.slice(0, 3).map((sample) => <code key={sample}>{sample}</code>) : <em>{t("columns.empty")}</em>}</p>
      </div>
      <Select
        aria-label={t("columns.means", { column: column.name })}
        searchable
        allowDeselect={false}
        value={known || role === NONE ? role : null}
        placeholder={t("columns.own", { kind: role.replace("who:", "") })}
        data={[{ value: NONE, label: t("role.none") }, ...groups]}
        maxDropdownHeight={360}
        onChange={(next) => next && onChange(withRole(mapping, column, next))}
      />
      <More column={column} mapping={mapping} onChange={onChange} />
    </li>
  );
}

/** What else must be said of a column: a country for a phone, a name, a type, a decimal mark. */
function More({ column, mapping, onChange }: { column: HistoryColumn; mapping: RowMapping; onChange: (mapping: RowMapping) => void }) {
  const { t } = useTranslation("imports");
  const who = mapping.who.find((each) => each.column === column.name);
  const part = mapping.properties.find((each) => each.column === column.name);
  if (who && (who.kind === "phone" || who.kind === "email")) {
    const change = (next: Partial<typeof who>) => onChange({ ...mapping, who: mapping.who.map((each) => (each === who ? { ...each, ...next } : each)) });
    return (
      <div className={css.more}>
        {who.kind === "phone" && (
          <TextInput aria-label={t("columns.country")} placeholder={t("columns.country")} maxLength={2} w={110} value={who.country} error={!who.country && column.samples.some((each) => !each.startsWith("+")) && t("columns.country_needed", { country: countryHere() })} onChange={(event) => change({ country: event.currentTarget.value.toUpperCase() })} />
        )}
        <Checkbox label={t("columns.joins_shared")} checked={who.joins_shared} onChange={(event) => change({ joins_shared: event.currentTarget.checked })} />
      </div>
    );
  }
  return (
    <div className={css.more}>
      {part && <PartMore column={column} part={part} onChange={(next) => onChange(withChangedPart(mapping, column.name, next))} />}
      {mayNameOrder(mapping, column) && (
        <Checkbox label={t("columns.names_order")} checked={mapping.order_id.includes(column.name)} onChange={(event) => onChange(withOrderPart(mapping, column.name, event.currentTarget.checked))} />
      )}
    </div>
  );
}

function PartMore({ column, part, onChange }: { column: HistoryColumn; part: MappingPart; onChange: (next: Partial<MappingPart>) => void }) {
  const { t } = useTranslation("imports");
  const numeric = part.type === "money" || part.type === "number" || part.type === "whole";
  const doubtful = numeric && column.decimal === null;
  const doubt = column.samples.find((each) => /[.,]\d/.test(each)) ?? column.samples[0] ?? "";
  return (
    <>
      <TextInput aria-label={t("columns.property")} w={150} value={part.name} onChange={(event) => onChange({ name: event.currentTarget.value })} />
      <Select aria-label={t("columns.type")} w={120} allowDeselect={false} value={part.type} data={TYPES.map((value) => ({ value, label: t(`type.${value}`) }))} onChange={(type) => type && onChange({ type })} />
      {doubtful && (
        <Select aria-label={t("columns.decimal")} w={300} allowDeselect={false} value={part.decimal} data={[{ value: ".", label: t("columns.point", { sample: doubt }) }, { value: ",", label: t("columns.comma", { sample: doubt }) }]} onChange={(decimal) => (decimal === "." || decimal === ",") && onChange({ decimal })} />
      )}
      {numeric && !doubtful && (
        <Select aria-label={t("columns.unit")} w={130} allowDeselect={false} value={part.unit} data={UNITS.map((value) => ({ value, label: t(`unit.${value}`) }))} onChange={(unit) => unit && onChange({ unit })} />
      )}
    </>
  );
}
