import { Button, FileButton, Progress, TextInput } from "@mantine/core";
import { IconFileImport, IconUpload } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../session/session";
import { DataTable, EmptyState, ErrorState, Page, Section, type TableColumn, TableSkeleton, TimeAgo, tellProblem, useFormat } from "../shared";
import { type HistoryImport, post } from "../shared/api";
import { ImportPage } from "./ImportPage";
import css from "./ImportsPage.module.css";
import { importQuery, importsQuery, upload } from "./queries";

const ENDINGS = ".csv,.tsv,.txt,.jsonl,.ndjson,.json,.parquet";

/** What happened before Regulars came: every file that was given, and a place to give another. */
export function ImportsPage() {
  const { open } = useSearch({ from: "/shell/imports" });
  return open ? <ImportPage key={open} import_id={open} /> : <Files />;
}

function Files() {
  const { t } = useTranslation("imports");
  const navigate = useNavigate();
  const may = useMay("marketer");
  const query = useQuery(importsQuery);
  const files = query.data?.items ?? [];
  const columns = useColumns();
  const show = (import_id: string) => void navigate({ to: "/imports", search: { open: import_id } });
  return (
    <Page title={t("title")} question={t("question")}>
      {may && <Give onGiven={(given) => show(given.import_id)} />}
      <Section flush title={files.length > 0 ? t("files") : undefined}>
        {query.isPending && <TableSkeleton rows={3} />}
        {query.error && <ErrorState error={query.error} retry={() => void query.refetch()} size="small" />}
        {query.data && (
          <DataTable
            label={t("files")}
            columns={columns}
            rows={files}
            rowKey={(each) => each.import_id}
            rowHeight={44}
            onOpen={(each) => show(each.import_id)}
            empty={<EmptyState icon={<IconFileImport size={22} stroke={1.5} />} title={t("empty.title")} text={t("empty.text")} />}
          />
        )}
      </Section>
    </Page>
  );
}

function useColumns(): TableColumn<HistoryImport>[] {
  const { t } = useTranslation("imports");
  const format = useFormat();
  return useMemo(
    () => [
      { key: "name", title: t("column.name"), width: 220, value: (each) => each.name },
      { key: "state", title: t("column.state"), width: 130, value: (each) => t(`state.${each.state}`), cell: (each) => <span className={css.state} data-state={each.state}>{t(`state.${each.state}`)}</span> },
      { key: "events", title: t("column.events"), width: 110, align: "end", value: (each) => each.report?.events_total ?? null, cell: (each) => (each.report ? format.number(each.report.events_total) : "–") },
      { key: "refused", title: t("column.refused"), width: 110, align: "end", hideBelow: 620, value: (each) => each.report?.refused ?? null, cell: (each) => (each.report ? format.number(each.report.refused) : "–") },
      { key: "size", title: t("column.size"), width: 100, align: "end", hideBelow: 900, value: (each) => each.size_bytes, cell: (each) => format.bytes(each.size_bytes) },
      { key: "given", title: t("column.given"), width: 120, hideBelow: 620, value: (each) => each.created_at, cell: (each) => <TimeAgo at={each.created_at} /> },
    ],
    [t, format],
  );
}

/** A file is dropped, chosen, or fetched from the server's own storage. */
function Give({ onGiven }: { onGiven: (given: HistoryImport) => void }) {
  const { t } = useTranslation("imports");
  const client = useQueryClient();
  const admin = useMay("admin");
  const [share, setShare] = useState<number | null>(null);
  const [over, setOver] = useState(false);
  const [place, setPlace] = useState("");
  const cancel = useRef<() => void>(() => undefined);
  const given = (one: HistoryImport) => {
    client.setQueryData(importQuery(one.import_id).queryKey, one);
    void client.invalidateQueries({ queryKey: ["imports"], exact: true });
    onGiven(one);
  };
  const send = useMutation({
    mutationFn: (file: File) => {
      setShare(0);
      const sending = upload(file, setShare);
      cancel.current = sending.cancel;
      return sending.done;
    },
    onSuccess: given,
    onError: (error) => {
      if (!(error instanceof DOMException)) tellProblem(error);
    },
    onSettled: () => setShare(null),
  });
  const fetched = useMutation({ mutationFn: (from: string) => post<HistoryImport>("/v1/imports/fetch", { place: from }), onSuccess: given, onError: tellProblem });
  const take = (file: File | null | undefined) => {
    if (file) send.mutate(file);
  };
  return (
    <Section bare>
      <div
        className={css.place}
        data-over={over || undefined}
        onDragOver={(event) => { event.preventDefault(); setOver(true); }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => { event.preventDefault(); setOver(false); take(event.dataTransfer.files[0]); }}
      >
        <IconUpload size={26} stroke={1.5} aria-hidden />
        {share === null ? (
          <>
            <p className={css.lead}>{t("give.drop")}</p>
            <p className={css.hint}>{t("give.forms")}</p>
            <FileButton onChange={take} accept={ENDINGS}>{(props) => <Button {...props}>{t("give.choose")}</Button>}</FileButton>
          </>
        ) : (
          <div className={css.sending} role="status">
            <p className={css.lead}>{t("give.sending", { percent: Math.round(share * 100) })}</p>
            <Progress value={share * 100} aria-label={t("give.sending", { percent: Math.round(share * 100) })} />
            <Button variant="subtle" onClick={() => cancel.current()}>{t("cancel")}</Button>
          </div>
        )}
      </div>
      {admin && share === null && (
        <details className={css.server}>
          <summary>{t("give.server")}</summary>
          <form onSubmit={(event) => { event.preventDefault(); if (place.trim()) fetched.mutate(place.trim()); }}>
            <TextInput aria-label={t("give.place")} placeholder="s3://shop/exports/orders.csv" description={t("give.place_text")} value={place} onChange={(event) => setPlace(event.currentTarget.value)} />
            <Button type="submit" variant="default" loading={fetched.isPending}>{t("give.fetch")}</Button>
          </form>
        </details>
      )}
    </Section>
  );
}
