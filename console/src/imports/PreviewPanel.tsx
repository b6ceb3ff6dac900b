import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ChartSkeleton, ErrorState, Section, useFormat } from "../shared";
import type { HistoryPreview, PreviewedEvent, RowMapping } from "../shared/api";
import css from "./PreviewPanel.module.css";
import { previewQuery } from "./queries";

type Unit = HistoryPreview["units"][number];
const PROPERTIES_SHOWN = 6;

/** The first rows as they stand, beside what they become; a problem stands in its cell. */
export function PreviewPanel({ import_id, mapping }: { import_id: string; mapping: RowMapping }) {
  const { t } = useTranslation("imports");
  const query = useQuery({ ...previewQuery(import_id, mapping), placeholderData: keepPreviousData });
  const columns = [...new Set([...mapping.order_id, ...(mapping.when?.columns ?? []), ...mapping.who.map((each) => each.column), ...(mapping.event_column ? [mapping.event_column] : []), ...mapping.properties.map((each) => each.column)])];
  return (
    <Section flush title={t("preview.title")} hint={t("preview.hint")}>
      {query.isPending && <ChartSkeleton height={200} />}
      {query.error && <ErrorState size="small" error={query.error} />}
      {query.data && !query.error && (
        <ol className={css.units} data-stale={query.isPlaceholderData || undefined}>
          {query.data.units.map((unit) => <UnitRow key={unit.rows[0]?.row} unit={unit} columns={columns} />)}
        </ol>
      )}
    </Section>
  );
}

/** Why a row is at fault, in the reader's language where it has words for it. */
export function useReason(): (fault: { code: string; reason: string }) => string {
  const { t, i18n } = useTranslation("imports");
  return (fault) => (i18n.exists(`problem.${fault.code}`, { ns: "imports" }) ? t(`problem.${fault.code as "nobody"}`) : fault.reason);
}

function UnitRow({ unit, columns }: { unit: Unit; columns: readonly string[] }) {
  const { t } = useTranslation("imports");
  const reason = useReason();
  const named = columns.length > 0 ? columns : Object.keys(unit.rows[0]?.cells ?? {});
  return (
    <li className={css.unit} data-fate={unit.fate}>
      <div className={css.rows}>
        <table>
          <thead className="visually-hidden"><tr><th>{t("preview.row")}</th>{named.map((each) => <th key={each}>{each}</th>)}</tr></thead>
          <tbody>
            {unit.rows.map((row) => (
              <tr key={row.row}>
                <th scope="row">{row.row}</th>
                {named.map((column) => {
                  const fault = row.faults.find((each) => each.column === column);
                  return (
                    <td key={column} data-weight={fault?.weight} title={fault ? reason(fault) : column}>
                      {row.cells[column] || <span className={css.nothing}>·</span>}
                      {fault && <span className={css.fault}>{reason(fault)}</span>}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
        {ofRows(unit, named).map(({ fault, rows }) => <p key={fault.code} className={css.fault} data-weight={fault.weight}>{t("preview.in_row", { count: rows.length, rows: rows.join(", ") })} {reason(fault)}</p>)}
      </div>
      <div className={css.events}>
        {unit.events.map((event) => <EventCard key={event.message_id} event={event} />)}
        {unit.events.length === 0 && <p className={css.none}>{t(unit.fate === "refused" ? "preview.refused" : "preview.left_out")}</p>}
      </div>
    </li>
  );
}

/** What is wrong with whole rows, each fault once with the rows it is true of. */
function ofRows(unit: Unit, named: readonly string[]): { fault: Unit["rows"][number]["faults"][number]; rows: number[] }[] {
  const found = new Map<string, { fault: Unit["rows"][number]["faults"][number]; rows: number[] }>();
  for (const row of unit.rows) {
    for (const fault of row.faults.filter((each) => !named.includes(each.column))) {
      const alike = found.get(fault.code) ?? { fault, rows: [] };
      found.set(fault.code, { fault, rows: [...alike.rows, row.row] });
    }
  }
  return [...found.values()];
}

export function EventCard({ event }: { event: PreviewedEvent }) {
  const { t } = useTranslation("imports");
  const format = useFormat();
  const who = [...(event.user_id ? [event.user_id] : []), ...event.identifiers];
  const shown = Object.entries(event.properties).slice(0, PROPERTIES_SHOWN);
  const more = Object.keys(event.properties).length - shown.length;
  return (
    <article className={css.event}>
      <header>
        <strong>{event.name}</strong>
        <time dateTime={event.occurred_at}>{format.moment(event.occurred_at)}</time>
      </header>
      <p className={css.who}>{who.length > 0 ? who.join(" · ") : t("preview.derived")}</p>
      <dl>
        {shown.map(([name, value]) => (
          <div key={name}><dt>{name}</dt><dd>{told(value, t)}</dd></div>
        ))}
        {more > 0 && <div><dt>{t("preview.more", { count: more })}</dt><dd /></div>}
      </dl>
    </article>
  );
}

function told(value: unknown, t: (key: "preview.lines", options: { count: number }) => string): string {
  if (Array.isArray(value)) return t("preview.lines", { count: value.length });
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}
