import { Button, FileButton } from "@mantine/core";
import { IconFileImport, IconSparkles } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../session/session";
import { type EventDetail, get, type ImportReport, type LiveEvent, type Page, post, put } from "../shared/api";
import { FormProblem } from "../shared/FormProblem";
import css from "./CatalogStep.module.css";
import { itemsInEvents } from "./discover";

const FORMATS: Record<string, "csv" | "jsonl" | "parquet"> = { csv: "csv", tsv: "csv", jsonl: "jsonl", ndjson: "jsonl", parquet: "parquet" };

/** The catalogue from a file, or from what the events already name. */
export function CatalogStep({ canDiscover }: { canDiscover: boolean }) {
  const { t } = useTranslation("setup");
  const may = useMay("marketer");
  const queryClient = useQueryClient();
  const [over, setOver] = useState(false);
  const settled = () => queryClient.invalidateQueries({ queryKey: ["catalog"] });
  const take = useMutation({ mutationFn: importFile, onSuccess: settled });
  const discover = useMutation({ mutationFn: discoverItems, onSuccess: settled });
  if (!may) return <p className={css.hint}>{t("start.ask_marketer")}</p>;
  const busy = take.isPending || discover.isPending;
  return (
    <div
      className={css.drop}
      data-over={over || undefined}
      onDragOver={(event) => { event.preventDefault(); setOver(true); }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const file = event.dataTransfer.files[0];
        if (file) take.mutate(file);
      }}
    >
      <p className={css.hint}>{t("catalog.drop")}</p>
      <div className={css.buttons}>
        <FileButton accept=".csv,.tsv,.jsonl,.ndjson,.parquet" onChange={(file) => file && take.mutate(file)}>
          {(props) => <Button {...props} variant="default" loading={take.isPending} disabled={busy} leftSection={<IconFileImport size={16} stroke={1.5} />}>{t("catalog.choose")}</Button>}
        </FileButton>
        <Button variant="default" disabled={!canDiscover || busy} loading={discover.isPending} leftSection={<IconSparkles size={16} stroke={1.5} />} onClick={() => discover.mutate()}>
          {t("catalog.discover")}
        </Button>
      </div>
      {take.data && <Report report={take.data} />}
      {discover.data !== undefined && <p className={css.hint} role="status">{discover.data === 0 ? t("catalog.found_none") : t("catalog.found", { count: discover.data })}</p>}
      <FormProblem error={take.error ?? discover.error} />
    </div>
  );
}

function Report({ report }: { report: ImportReport }) {
  const { t } = useTranslation("setup");
  return (
    <div role="status" className={css.report}>
      <p>{t("catalog.imported", { count: report.imported })}{report.rejected > 0 && ` ${t("catalog.rejected", { count: report.rejected })}`}</p>
      {report.problems.length > 0 && (
        <ul>
          {report.problems.slice(0, 5).map((each) => (
            <li key={`${each.row}-${each.column ?? ""}`}>{t("catalog.problem", { row: each.row, column: each.column ?? "–", reason: each.reason })}</li>
          ))}
        </ul>
      )}
    </div>
  );
}

async function importFile(file: File): Promise<ImportReport> {
  const ending = file.name.split(".").pop()?.toLowerCase() ?? "";
  const format = FORMATS[ending] ?? "csv"; // the shop says what is wrong with a file that is none
  return post<ImportReport>("/v1/catalog/imports", undefined, { query: { format }, raw: { content: file, type: "application/octet-stream" } });
}

/** Look through the last events and put every item they name into the catalogue. Returns how many. */
async function discoverItems(): Promise<number> {
  const { items: recent } = await get<Page<LiveEvent>>("/v1/events/recent", { limit: 100 });
  const details = await Promise.all(recent.filter((each) => each.outcome !== "rejected" && each.call === "track").map((each) => get<EventDetail>(`/v1/events/${encodeURIComponent(each.event_id)}`)));
  const found = itemsInEvents(details.map(({ event }) => event as { name: string; properties: Record<string, unknown> })); // the corrected event
  await Promise.all(found.map(({ item_id, ...item }) => put(`/v1/catalog/items/${encodeURIComponent(item_id)}`, item)));
  return found.length;
}
