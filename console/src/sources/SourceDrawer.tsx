import { Switch, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../session/session";
import { patch, type Source } from "../shared/api";
import { CopyText } from "../shared/Copyable";
import { Drawer } from "../shared/Drawer";
import { useFormat } from "../shared/format";
import { tell, tellProblem, withUndo } from "../shared/toast";
import { ArrivalLine } from "./Arrival";
import { KeyChange, OldKeys } from "./KeyChange";
import css from "./SourceDrawer.module.css";
import { kept, sourcesQuery } from "./sources";
import { StackTabs } from "./StackTabs";

export function SourceDrawer({ source, onClose }: { source: Source; onClose: () => void }) {
  const { t } = useTranslation("sources");
  const format = useFormat();
  const may = useMay("marketer");
  const { rename, toggle } = useChanges(source);
  const [name, setName] = useState(source.name);
  return (
    <Drawer title={source.name} subtitle={`${t(`kind.${source.kind}`)} · ${t("column.created")} ${format.day(source.created_at)}`} onClose={onClose} width={600}>
      <div className={css.parts}>
        <section>
          <h3>{t("detail.arrival")}</h3>
          <ArrivalLine source={source} />
        </section>
        <section>
          <h3>{t("detail.install")}</h3>
          <StackTabs source={source} />
        </section>
        <section>
          <h3>{t("detail.key")}</h3>
          <p className={css.hint}>{t("detail.key_text")}</p>
          <CopyText text={source.write_key} />
          <OldKeys source={source} />
        </section>
        {may && (
          <section className={css.changes}>
            <form onSubmit={(event) => { event.preventDefault(); if (name.trim() && name.trim() !== source.name) rename.mutate(name.trim()); }}>
              <TextInput label={t("detail.rename")} value={name} maxLength={120} onChange={(event) => setName(event.currentTarget.value)} onBlur={() => name.trim() && name.trim() !== source.name && rename.mutate(name.trim())} />
            </form>
            <Switch label={t("detail.enabled")} checked={source.enabled} onChange={toggle} />
            <KeyChange source={source} />
          </section>
        )}
      </div>
    </Drawer>
  );
}

function useChanges(source: Source) {
  const { t } = useTranslation("sources");
  const queryClient = useQueryClient();
  const keep = (next: Source) => queryClient.setQueryData(sourcesQuery.queryKey, kept(next));
  const rename = useMutation({
    mutationFn: (name: string) => patch<Source>(`/v1/sources/${source.source_id}`, { name }),
    onSuccess: (next) => { keep(next); tell(t("detail.renamed", { name: next.name })); },
    onError: tellProblem,
  });
  const toggle = () => {
    const enabled = !source.enabled;
    withUndo({
      message: t(enabled ? "detail.opened" : "detail.closed", { name: source.name }),
      show: () => keep({ ...source, enabled }),
      back: () => keep(source),
      commit: () => patch<Source>(`/v1/sources/${source.source_id}`, { enabled }, { keepalive: true }),
    });
  };
  return { rename, toggle };
}
