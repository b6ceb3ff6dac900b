import { Button, CloseButton, SegmentedControl, Select, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconPackage, IconSearch, IconUpload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { ChartSkeleton, EmptyState, ErrorState, Page, Section } from "../shared";
import css from "./CatalogPage.module.css";
import { ImportDrawer } from "./ImportDrawer";
import { ItemDrawer } from "./ItemDrawer";
import { Items } from "./Items";
import { Overview } from "./Overview";
import { catalogSummaryQuery } from "./queries";
import type { CatalogSearch } from "./search";

export function CatalogPage() {
  const { t } = useTranslation("catalog");
  const search = useSearch({ from: "/shell/catalog" });
  const navigate = useNavigate({ from: "/catalog" });
  const change = useCallback((next: Partial<CatalogSearch>) => void navigate({ search: (before) => ({ ...before, ...next }), replace: true }), [navigate]);
  const summary = useQuery(catalogSummaryQuery);
  const [importing, setImporting] = useState<File | true | null>(null);
  const dropping = useDrop(setImporting);
  const button = <Button leftSection={<IconUpload size={16} stroke={1.5} />} onClick={() => setImporting(true)}>{t("import.open")}</Button>;
  return (
    <Page title={t("title")} question={t("question")} tools={summary.data && summary.data.items > 0 ? button : undefined}>
      {summary.isPending && <Section><ChartSkeleton height={180} /></Section>}
      {summary.error && !summary.data && <ErrorState error={summary.error} retry={() => void summary.refetch()} />}
      {summary.data?.items === 0 && (
        <Section>
          <EmptyState icon={<IconPackage size={22} stroke={1.5} />} title={t("empty.title")} text={t("empty.text")} action={button} />
        </Section>
      )}
      {summary.data && summary.data.items > 0 && (
        <>
          <Overview summary={summary.data} search={search} onChange={change} />
          <Filters search={search} kinds={summary.data.kinds.map((each) => each.kind)} tags={summary.data.tags} onChange={change} />
          <Section flush><Items search={search} onOpen={(item) => change({ item })} onClear={() => void navigate({ search: {} })} /></Section>
        </>
      )}
      {search.item && <ItemDrawer key={search.item} item_id={search.item} onClose={() => change({ item: undefined })} onOpen={(item) => change({ item })} />}
      {importing && <ImportDrawer file={importing === true ? null : importing} onClose={() => setImporting(null)} />}
      {dropping && <div className={css.drop} aria-hidden><span>{t("import.drop_here")}</span></div>}
    </Page>
  );
}

/** A file dropped anywhere on the page begins an import. */
function useDrop(onFile: (file: File) => void): boolean {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const carries = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const enter = (event: DragEvent) => {
      if (!carries(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent) => {
      if (!carries(event)) return;
      event.preventDefault();
      setOver(false);
      const file = event.dataTransfer?.files[0];
      if (file) onFile(file);
    };
    window.addEventListener("dragover", enter);
    window.addEventListener("dragleave", leave);
    window.addEventListener("drop", drop);
    return () => {
      window.removeEventListener("dragover", enter);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("drop", drop);
    };
  }, [onFile]);
  return over;
}

interface FiltersProps {
  search: CatalogSearch;
  kinds: readonly string[];
  tags: readonly { kind: string; value: string }[];
  onChange: (next: Partial<CatalogSearch>) => void;
}

function Filters({ search, kinds, tags, onChange }: FiltersProps) {
  const { t } = useTranslation("catalog");
  const [text, setText] = useState(search.query ?? "");
  useEffect(() => setText(search.query ?? ""), [search.query]);
  const speak = useDebouncedCallback((next: string) => onChange({ query: next.trim() || undefined }), 250);
  const type = (next: string) => {
    setText(next);
    speak(next);
  };
  const known = tags.map((tag) => ({ value: `${tag.kind}:${tag.value}`, label: tag.value }));
  const data = search.tag && !known.some((each) => each.value === search.tag) ? [{ value: search.tag, label: search.tag.split(":").at(-1) ?? search.tag }, ...known] : known;
  return (
    <div className={css.filters} role="search">
      <TextInput aria-label={t("filter.find")} placeholder={t("filter.find")} leftSection={<IconSearch size={16} stroke={1.5} />} value={text} onChange={(event) => type(event.currentTarget.value)} rightSection={text && <CloseButton size="sm" aria-label={t("filter.clear")} onClick={() => type("")} />} />
      {kinds.length > 1 && <Select aria-label={t("filter.kind")} placeholder={t("filter.kind")} clearable data={[...kinds]} value={search.kind ?? null} onChange={(kind) => onChange({ kind: kind ?? undefined })} />}
      <Select aria-label={t("filter.tag")} placeholder={t("filter.tag")} searchable clearable limit={60} data={data} value={search.tag ?? null} onChange={(tag) => onChange({ tag: tag ?? undefined })} />
      <SegmentedControl
        aria-label={t("filter.available")}
        data={[{ value: "", label: t("filter.all") }, { value: "true", label: t("filter.on") }, { value: "false", label: t("filter.off") }]}
        value={search.available === undefined ? "" : String(search.available)}
        onChange={(value) => onChange({ available: value === "" ? undefined : value === "true" })}
      />
    </div>
  );
}
