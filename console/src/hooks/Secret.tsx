import { Button, PasswordInput, Select } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { CopyText, Drawer, tellProblem, useFormat } from "../shared";
import { type Hook, type NewHook, post } from "../shared/api";
import css from "./OpenHook.module.css";
import { hooksQuery } from "./queries";

const OVERLAPS = ["0", "3600", "86400", "604800"] as const;

/** A new secret: the other service's, or one of ours, shown once; the old one may verify for a while. */
export function Secret({ hook, onClose }: { hook: Hook; onClose: () => void }) {
  const { t } = useTranslation("hooks");
  const format = useFormat();
  const client = useQueryClient();
  const [secret, setSecret] = useState("");
  const [overlap, setOverlap] = useState<string>("86400");
  const change = useMutation({
    mutationFn: () => post<NewHook>(`/v1/hooks/${hook.hook_id}/secret`, { overlap_s: Number(overlap), ...(secret.trim() ? { secret: secret.trim() } : {}) }),
    onSuccess: () => void client.invalidateQueries({ queryKey: hooksQuery.queryKey, exact: true }),
    onError: tellProblem,
  });
  const said = (one: Hook["secrets"][number]) => {
    if (!one.is_readable) return t("secret.unreadable");
    return one.until ? t("secret.until", { ending: one.ending, moment: format.moment(one.until) }) : t("secret.now", { ending: one.ending });
  };
  return (
    <Frame title={t("secret.change")} onClose={onClose}>
      {change.data ? (
        <div className={css.form}>
          {change.data.secret ? <section><h3>{t("make.secret")}</h3><CopyText text={change.data.secret} /><p className={css.hint}>{t("make.once")}</p></section> : <p>{t("secret.kept")}</p>}
        </div>
      ) : (
        <form className={css.form} onSubmit={(event) => { event.preventDefault(); change.mutate(); }}>
          {hook.secrets.map((each) => <p key={each.ending + (each.until ?? "")} className={css.hint}>{said(each)}</p>)}
          <PasswordInput label={t("secret.theirs")} description={t("secret.empty_makes")} value={secret} onChange={(event) => setSecret(event.currentTarget.value)} autoComplete="off" />
          {hook.secrets.some((each) => each.is_readable) && <Select label={t("secret.overlap")} allowDeselect={false} value={overlap} data={OVERLAPS.map((value) => ({ value, label: t(`overlap.${value}`) }))} onChange={(value) => value && setOverlap(value)} />}
          <div><Button type="submit" loading={change.isPending}>{t("secret.change")}</Button></div>
        </form>
      )}
    </Frame>
  );
}

function Frame({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  return <Drawer title={title} onClose={onClose} width={480}>{children}</Drawer>;
}
Secret.Frame = Frame;
