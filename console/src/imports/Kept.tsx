import { Button, Menu, TextInput } from "@mantine/core";
import { IconDeviceFloppy, IconDownload, IconTemplate, IconUpload } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { tell, tellProblem } from "../shared";
import { type HistoryLook, type NamedMapping, put, type RowMapping } from "../shared/api";
import { saveFile } from "../shared/table";
import css from "./Kept.module.css";
import { usePresetTitle } from "./preset";
import { mappingsQuery, presetsQuery } from "./queries";
import { fitted, mappingIn } from "./roles";

export interface KeptProps {
  mapping: RowMapping;
  name: string | null;
  look: HistoryLook;
  onUse: (mapping: RowMapping, name: string | null) => void;
  onNamed: (name: string) => void;
}

/** Mappings that were kept, those that come with Regulars, and keeping this one. */
export function Kept({ mapping, name, look, onUse, onNamed }: KeptProps) {
  const { t } = useTranslation("imports");
  const title = usePresetTitle();
  const { data: kept = [] } = useQuery(mappingsQuery);
  const { data: presets = [] } = useQuery(presetsQuery);
  const columns = look.columns.map((each) => each.name);
  const use = (next: RowMapping, called: string | null) => onUse({ ...fitted(next, columns), layout: look.layout }, called);
  const known = presets.find((each) => look.proposal.presets.includes(each.name));
  return (
    <div className={css.line}>
      <p className={css.say}>{name ? t("kept.using", { name }) : known ? t("kept.recognised", { title: title(known) }) : t("kept.proposed")}</p>
      <Menu>
        <Menu.Target><Button variant="default" leftSection={<IconTemplate size={16} stroke={1.5} />}>{t("kept.use")}</Button></Menu.Target>
        <Menu.Dropdown>
          {kept.length > 0 && <Menu.Label>{t("kept.yours")}</Menu.Label>}
          {kept.map((each) => <Menu.Item key={each.name} onClick={() => use(each.mapping, each.name)}>{each.name}</Menu.Item>)}
          <Menu.Label>{t("kept.ready")}</Menu.Label>
          {presets.map((each) => <Menu.Item key={each.name} onClick={() => use(each.mapping, null)}>{title(each)}</Menu.Item>)}
          <Menu.Divider />
          <Menu.Item onClick={() => onUse(look.proposal.mapping, null)}>{t("kept.anew")}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Keep mapping={mapping} name={name} onNamed={onNamed} />
      <InAndOut mapping={mapping} name={name} onUse={(next) => use(next, null)} />
    </div>
  );
}

function Keep({ mapping, name, onNamed }: Pick<KeptProps, "mapping" | "name" | "onNamed">) {
  const { t } = useTranslation("imports");
  const client = useQueryClient();
  const [opened, setOpened] = useState(false);
  const [called, setCalled] = useState(name ?? "");
  const keep = useMutation({
    mutationFn: () => put<NamedMapping>(`/v1/imports/mappings/${encodeURIComponent(called.trim())}`, mapping),
    onSuccess: (saved) => {
      void client.invalidateQueries({ queryKey: mappingsQuery.queryKey });
      onNamed(saved.name);
      setOpened(false);
      tell(t("kept.saved", { name: saved.name }));
    },
    onError: tellProblem,
  });
  return (
    <Menu opened={opened} onChange={setOpened} closeOnItemClick={false} trapFocus>
      <Menu.Target><Button variant="default" leftSection={<IconDeviceFloppy size={16} stroke={1.5} />}>{t("kept.keep")}</Button></Menu.Target>
      <Menu.Dropdown>
        <form className={css.form} onSubmit={(event) => { event.preventDefault(); if (called.trim()) keep.mutate(); }}>
          <TextInput label={t("kept.name")} maxLength={80} value={called} data-autofocus onChange={(event) => setCalled(event.currentTarget.value)} />
          <Button type="submit" loading={keep.isPending} disabled={!called.trim()}>{t("kept.keep")}</Button>
        </form>
      </Menu.Dropdown>
    </Menu>
  );
}

/** The mapping as a file: for a repository, for `regulars ingest --mapping`, for another shop. */
function InAndOut({ mapping, name, onUse }: { mapping: RowMapping; name: string | null; onUse: (mapping: RowMapping) => void }) {
  const { t } = useTranslation("imports");
  const input = useRef<HTMLInputElement>(null);
  const read = (file: File | undefined) => {
    if (!file) return;
    void file.text().then((text) => {
      const found = mappingIn(text);
      if (found) onUse(found);
      else tellProblem(new Error(t("kept.no_json", { name: file.name })));
    });
  };
  return (
    <>
      <Button variant="subtle" leftSection={<IconDownload size={16} stroke={1.5} />} onClick={() => saveFile(`${name ?? "mapping"}.json`, JSON.stringify(mapping, null, 2), "application/json")}>{t("kept.export")}</Button>
      <Button variant="subtle" leftSection={<IconUpload size={16} stroke={1.5} />} onClick={() => input.current?.click()}>{t("kept.import")}</Button>
      <input ref={input} type="file" accept=".json" hidden aria-hidden tabIndex={-1} onChange={(event) => { read(event.currentTarget.files?.[0]); event.currentTarget.value = ""; }} />
    </>
  );
}
