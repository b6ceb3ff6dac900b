import { Button, Progress } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Figure, Figures, inWords, Section, useFormat } from "../shared";
import type { HistoryImport, HistoryReport, SampleRow } from "../shared/api";
import { useReason } from "./PreviewPanel";
import { isBusy, samplesQuery } from "./queries";
import css from "./ReportPanel.module.css";

/** What became of every row, or would; while it is being worked out, how far it is. */
export function ReportPanel({ one }: { one: HistoryImport }) {
  const { t } = useTranslation("imports");
  const busy = isBusy(one);
  const title = busy ? t(one.state === "running" ? "report.running" : "report.checking") : one.report?.dry_run === false ? t("report.done") : t("report.tried");
  return (
    <Section title={title}>
      {busy && <Running one={one} />}
      {one.error && !busy && <p role="alert" className={css.error}>{inWords(one.error_said, one.error)}</p>}
      {one.state === "cancelled" && <p className={css.error}>{t("report.cancelled")}</p>}
      {!busy && one.report && <Told one={one} report={one.report} />}
    </Section>
  );
}

function Running({ one }: { one: HistoryImport }) {
  const { t } = useTranslation("imports");
  const format = useFormat();
  const { done = 0, total = null, note = "" } = one.progress ?? {};
  return (
    <div className={css.running} role="status">
      <Progress value={total ? (done / total) * 100 : 100} animated={!total} striped={!total} aria-label={t("report.rows", { count: done })} />
      <p>{total ? t("report.of", { done: format.number(done), total: format.number(total) }) : t("report.rows", { count: done })}{note.startsWith("waiting") && ` · ${t("report.waiting")}`}</p>
    </div>
  );
}

function Told({ one, report }: { one: HistoryImport; report: HistoryReport }) {
  const { t } = useTranslation("imports");
  const format = useFormat();
  const { data: samples = [] } = useQuery({ ...samplesQuery(one.import_id, one.changed_at), enabled: report.problems.length > 0 && one.file_kept });
  const go = report.dry_run ? "would" : "went";
  return (
    <div className={css.parts}>
      <div className={css.bar} aria-hidden>
        <span style={{ flexGrow: report.taken }} data-tone="good" />
        <span style={{ flexGrow: report.left_out }} data-tone="none" />
        <span style={{ flexGrow: report.refused }} data-tone="bad" />
      </div>
      <p className={css.result}>{t(`report.${go}`, { taken: format.number(report.taken), rows: format.number(report.rows) })}</p>
      <Figures>
        <Figure label={t("report.events")} definition={t("report.define.events")} value={format.number(report.events_total)} />
        {report.customers && <Figure label={t("report.known")} definition={t("report.define.known")} value={format.number(report.customers.known)} />}
        {report.customers && <Figure label={t("report.new")} definition={t("report.define.new")} value={format.number(report.customers.new)} />}
        <Figure label={t("report.refused")} definition={t("report.define.refused")} value={format.number(report.refused)} />
        <Figure label={t("report.left_out")} definition={t("report.define.left_out")} value={format.number(report.left_out)} />
      </Figures>
      {report.dry_run && report.elsewhere > 0 && <p role="alert" className={css.watch}>{t("report.elsewhere", { count: report.elsewhere, orders: format.number(report.elsewhere) })}</p>}
      <ul className={css.facts}>
        {report.events.slice(0, 8).map((each) => <li key={each.name}>{t("report.of_name", { events: format.number(each.count), name: each.name })}</li>)}
        {report.first_at && report.last_at && <li>{t("report.span", { first: format.moment(report.first_at), last: format.moment(report.last_at), zone: format.timeZone })}</li>}
        {report.repeated > 0 && <li>{t("report.repeated", { count: report.repeated, events: format.number(report.repeated) })}</li>}
        {report.customers !== null && report.customers.joining > 0 && <li>{t("report.joining", { count: report.customers.joining, customers: format.number(report.customers.joining) })}</li>}
        {Object.entries(report.shared).map(([kind, count]) => <li key={kind}>{t(kind === "phone" ? "report.shared_phone" : "report.shared_email", { count, shared: format.number(count) })}</li>)}
      </ul>
      {report.problems.length > 0 && <Problems report={report} samples={samples} />}
      <div className={css.actions}>
        {report.has_rejected_file && one.file_kept && (
          <Button component="a" href={`/v1/imports/${one.import_id}/rejected`} download variant="default" leftSection={<IconDownload size={16} stroke={1.5} />}>{t("report.download")}</Button>
        )}
        {!report.dry_run && <Link to="/profiles" className={css.link}>{t("report.see")}</Link>}
      </div>
    </div>
  );
}

function Problems({ report, samples }: { report: HistoryReport; samples: readonly SampleRow[] }) {
  const { t } = useTranslation("imports");
  const format = useFormat();
  const reason = useReason();
  return (
    <ul className={css.problems}>
      {report.problems.map((problem) => (
        <li key={`${problem.code}${problem.column}`} data-weight={problem.weight}>
          <p className={css.problem}>
            <strong>{t(`weight.${problem.weight}`, { count: problem.rows, rows: format.number(problem.rows) })}</strong>
            {problem.column && <code>{problem.column}</code>}
            <span>{reason(problem)}</span>
          </p>
          <p className={css.samples}>
            {problem.row_numbers.map((number) => {
              const cell = problem.column ? samples.find((each) => each.row === number)?.cells[problem.column] : undefined;
              return <span key={number}>{t("report.row", { row: number })}{cell ? <code>{cell}</code> : null}</span>;
            })}
          </p>
        </li>
      ))}
    </ul>
  );
}
