import { Button, FileButton } from "@mantine/core";
import { IconDownload, IconFileUpload } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { ChartSkeleton, DataTable, Drawer, ErrorState, type TableColumn, tell, useFormat } from "../shared";
import { type ImportReport, post } from "../shared/api";
import { formatOf } from "./attributes";
import css from "./ImportDrawer.module.css";

const TYPES = { csv: "text/csv", jsonl: "application/x-ndjson", parquet: "application/vnd.apache.parquet" } as const;
type Problem = ImportReport["problems"][number];

/** A file is tried first, and nothing changes; the report says row by row what would not go in. Then it is taken in. */
export function ImportDrawer({ file: dropped, onClose }: { file: File | null; onClose: () => void }) {
  const { t } = useTranslation("catalog");
  const client = useQueryClient();
  const [file, setFile] = useState(dropped);
  const format = file ? formatOf(file.name) : null;
  const send = (dry_run: boolean) => (chosen: File) => {
    const form = formatOf(chosen.name) ?? "csv";
    return post<ImportReport>("/v1/catalog/imports", undefined, { query: { format: form, dry_run }, raw: { content: chosen, type: TYPES[form] } });
  };
  const attempt = useMutation({ mutationFn: send(true) });
  const take = useMutation({
    mutationFn: send(false),
    onSuccess: (report) => {
      tell(t("import.done", { count: report.imported }));
      void client.invalidateQueries({ queryKey: ["catalog"] });
    },
  });
  const { mutate: tryFile } = attempt;
  useEffect(() => {
    if (file && formatOf(file.name)) tryFile(file);
  }, [file, tryFile]);
  useEffect(() => {
    if (dropped) setFile(dropped);
  }, [dropped]);
  const report = take.data ?? attempt.data;
  const choose = (chosen: File | null) => {
    take.reset();
    attempt.reset();
    setFile(chosen);
  };
  return (
    <Drawer title={t("import.title")} subtitle={file ? file.name : t("import.lead")} onClose={onClose} width={640}>
      <div className={css.parts}>
        {!file && (
          <div className={css.place}>
            <IconFileUpload size={28} stroke={1.5} aria-hidden />
            <p>{t("import.drop")}</p>
            <p className={css.hint}>{t("import.forms")}</p>
            <FileButton onChange={choose} accept=".csv,.tsv,.txt,.jsonl,.ndjson,.json,.parquet">{(props) => <Button {...props}>{t("import.choose")}</Button>}</FileButton>
          </div>
        )}
        {file && !format && <p role="alert" className={css.wrong}>{t("import.unknown", { name: file.name })}</p>}
        {attempt.isPending && <ChartSkeleton height={140} />}
        {attempt.error && <ErrorState size="small" error={attempt.error} retry={() => file && attempt.mutate(file)} />}
        {take.error && <ErrorState size="small" error={take.error} retry={() => file && take.mutate(file)} />}
        {report && <Report report={report} taken={take.data !== undefined} />}
        {file && (
          <div className={css.actions}>
            <FileButton onChange={choose} accept=".csv,.tsv,.txt,.jsonl,.ndjson,.json,.parquet">{(props) => <Button {...props} variant="default">{t("import.other")}</Button>}</FileButton>
            {take.data ? (
              <Button onClick={onClose}>{t("import.close")}</Button>
            ) : (
              <Button disabled={!attempt.data || attempt.data.rows === attempt.data.rejected} loading={take.isPending} onClick={() => take.mutate(file)}>
                {t("import.take", { count: attempt.data ? attempt.data.rows - attempt.data.rejected : 0 })}
              </Button>
            )}
          </div>
        )}
      </div>
    </Drawer>
  );
}

function Report({ report, taken }: { report: ImportReport; taken: boolean }) {
  const { t } = useTranslation("catalog");
  const format = useFormat();
  const good = report.rows - report.rejected;
  const columns: TableColumn<Problem>[] = [
    { key: "row", title: t("import.row"), width: 70, align: "end", value: (row) => row.row },
    { key: "column", title: t("import.column"), width: 120, value: (row) => row.column },
    { key: "reason", title: t("import.reason"), width: 320, value: (row) => row.reason, cell: (row) => <span title={row.reason} className={css.reason}>{row.reason}</span> },
  ];
  return (
    <section className={css.report} aria-live="polite">
      <div className={css.bar} aria-hidden>
        <span style={{ flexGrow: good }} data-tone="good" />
        <span style={{ flexGrow: report.rejected }} data-tone="bad" />
      </div>
      <p className={css.result}>
        {t(taken ? "import.result_taken" : "import.result_tried", { good: format.number(good), rows: format.number(report.rows) })}{" "}
        {report.rejected > 0 && <span>{t("import.result_rejected", { count: report.rejected, rejected: format.number(report.rejected) })}</span>}
      </p>
      {report.problems.length > 0 && (
        <div className={css.problems}>
          <DataTable label={t("import.problems")} columns={columns} rows={report.problems} rowKey={(row) => `${row.row}${row.column ?? ""}${row.reason}`} height={300} foot={report.problems_total > report.problems.length ? t("import.first", { shown: format.number(report.problems.length), total: format.number(report.problems_total) }) : undefined} />
        </div>
      )}
      {report.rejected_file && (
        <Button component="a" href={`/v1/catalog/imports/${encodeURIComponent(report.import_id)}/rejected`} download variant="subtle" leftSection={<IconDownload size={16} stroke={1.5} />}>{t("import.download")}</Button>
      )}
    </section>
  );
}
