import { SegmentedControl, Select, TextInput } from "@mantine/core";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Section } from "../shared";
import type { HistoryLook, RowMapping } from "../shared/api";
import type { Layout } from "./queries";
import css from "./RowPanel.module.css";

const ROWS = ["order_line", "event", "customer", "call"] as const;
const EVENTS = ["Order Completed", "Product Viewed", "Title Rated", "Song Played", "Video Content Completed", "Email Opened"];
const MARKS = [",", ";", "\t", "|", "::"];

export interface RowPanelProps {
  mapping: RowMapping;
  look: HistoryLook;
  onChange: (mapping: RowMapping) => void;
  onLayout: (layout: Partial<Layout>) => void;
}

/** What one row is, when it happened, and how the file is laid out. */
export function RowPanel({ mapping, look, onChange, onLayout }: RowPanelProps) {
  const { t } = useTranslation("imports");
  return (
    <Section title={t("row.title")} hint={t(`row.text.${mapping.row}`)}>
      <div className={css.parts}>
        <SegmentedControl className={css.kinds} value={mapping.row} onChange={(row) => onChange({ ...mapping, row: row as RowMapping["row"] })} data={ROWS.map((row) => ({ value: row, label: t(`row.kind.${row}`) }))} />
        <div className={css.fields}>
          {mapping.row === "event" && !mapping.event_column && (
            <TextInput label={t("row.event")} list="import-events" value={mapping.event} maxLength={200} onChange={(event) => onChange({ ...mapping, event: event.currentTarget.value })} />
          )}
          {mapping.row !== "call" && <When mapping={mapping} look={look} onChange={onChange} />}
          {(mapping.row === "order_line" || mapping.row === "event") && (
            <Select label={t("row.nobody")} allowDeselect={false} value={mapping.nobody} data={(["leave_out", "each_alone", "refuse"] as const).map((value) => ({ value, label: t(`row.nobody_choice.${value}`) }))} onChange={(value) => value && onChange({ ...mapping, nobody: value })} />
          )}
          {mapping.row === "order_line" && (
            <TextInput label={t("row.currency")} placeholder="TWD" maxLength={3} value={typeof mapping.constants["currency"] === "string" ? mapping.constants["currency"] : ""} onChange={(event) => onChange({ ...mapping, constants: withCurrency(mapping.constants, event.currentTarget.value) })} />
          )}
        </div>
        <LaidOut look={look} onLayout={onLayout} />
      </div>
      <datalist id="import-events">{EVENTS.map((each) => <option key={each} value={each} />)}</datalist>
    </Section>
  );
}

function withCurrency(constants: RowMapping["constants"], said: string): RowMapping["constants"] {
  const { currency: _, ...others } = constants;
  return said.trim() ? { ...others, currency: said.trim().toUpperCase() } : others;
}

/** The format and the zone of the time, each format with what the file's own samples would then mean. */
function When({ mapping, look, onChange }: Pick<RowPanelProps, "mapping" | "look" | "onChange">) {
  const { t } = useTranslation("imports");
  const zones = useMemo(() => Intl.supportedValuesOf("timeZone"), []);
  const when = mapping.when;
  if (!when) return null;
  const column = look.columns.find((each) => each.name === when.columns[0]);
  const readings = column?.times ?? [];
  const known = readings.map((each) => each.format);
  const options = [...new Set([...known, ...(when.format ? [when.format] : [])])];
  const chosen = readings.find((each) => each.format === when.format);
  const sample = column?.samples[0] ?? "";
  return (
    <>
      <Select
        label={t("when.format")}
        inputWrapperOrder={["label", "input", "description", "error"]}
        placeholder={t("when.choose")}
        error={!when.format && (readings.length > 1 ? t("when.two", { sample }) : t("when.none", { sample }))}
        description={chosen && t("when.means", { sample, moment: shown(chosen.examples[0] ?? "") })}
        searchable
        allowDeselect={false}
        value={when.format || null}
        data={(options.length > 0 ? options : FORMATS).map((value) => ({ value, label: labelled(value, readings.find((each) => each.format === value)?.examples[0]) }))}
        onChange={(format) => format && onChange({ ...mapping, when: { ...when, format } })}
      />
      <Select label={t("when.zone")} searchable allowDeselect={false} onFocus={(event) => event.currentTarget.select()} value={when.zone} data={zones.includes(when.zone) ? zones : [when.zone, ...zones]} onChange={(zone) => zone && onChange({ ...mapping, when: { ...when, zone } })} />
    </>
  );
}

const FORMATS = ["iso", "YYYY/MM/DD HH:mm", "YYYY-MM-DD HH:mm:ss", "DD/MM/YYYY HH:mm", "MM/DD/YYYY HH:mm", "DD.MM.YYYY HH:mm", "RRR/MM/DD HH:mm", "YYYYMMDD", "unix_s", "unix_ms", "excel_days"];
const shown = (iso: string): string => iso.slice(0, 16).replace("T", " ");
const labelled = (format: string, example?: string): string => (example ? `${format === "iso" ? "ISO 8601" : format}  →  ${shown(example)}` : format === "iso" ? "ISO 8601" : format);

function LaidOut({ look, onLayout }: Pick<RowPanelProps, "look" | "onLayout">) {
  const { t } = useTranslation("imports");
  const { layout } = look;
  const encodings = [...new Set([layout.encoding ?? "utf-8", ...look.encodings, "utf-8", "big5hkscs", "shift_jis", "gb18030", "cp1252"])];
  const change = (next: Partial<Layout>) => onLayout({ ...layout, ...next });
  return (
    <details className={css.layout} open={look.encodings.length > 0}>
      <summary>{t("layout.title")}</summary>
      <div className={css.fields}>
        <Select label={t("layout.encoding")} allowDeselect={false} value={layout.encoding ?? "utf-8"} data={encodings} onChange={(encoding) => encoding && change({ encoding })} />
        <Select label={t("layout.mark")} value={layout.delimiter} placeholder={t("layout.found")} clearable data={MARKS.map((value) => ({ value, label: value === "\t" ? t("layout.tab") : value }))} onChange={(delimiter) => change({ delimiter })} />
        <Select label={t("layout.header")} allowDeselect={false} value={layout.has_header ? "yes" : "no"} data={[{ value: "yes", label: t("layout.header_yes") }, { value: "no", label: t("layout.header_no") }]} onChange={(value) => change({ has_header: value === "yes" })} />
      </div>
    </details>
  );
}
