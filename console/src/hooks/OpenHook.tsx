import { Button, PasswordInput, Select, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { CopyText, Drawer, tellProblem } from "../shared";
import { type HookPreset, type NewHook, post } from "../shared/api";
import css from "./OpenHook.module.css";
import { addressOf, hookPresetsQuery, hooksQuery } from "./queries";
import { Waiting } from "./Waiting";
import { usePresetTitle } from "./preset";

/** A service is chosen; the address and the secret are shown once; then one waits for the first delivery together. */
export function OpenHook({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("hooks");
  const client = useQueryClient();
  const title = usePresetTitle();
  const { data: presets = [] } = useQuery(hookPresetsQuery);
  const [preset, setPreset] = useState("shopify_orders");
  const [name, setName] = useState("");
  const [secret, setSecret] = useState("");
  const chosen = presets.find((each) => each.name === preset);
  const make = useMutation({
    mutationFn: () => post<NewHook>("/v1/hooks", { name: name.trim(), preset, ...(secret.trim() ? { secret: secret.trim() } : {}) }),
    onSuccess: () => void client.invalidateQueries({ queryKey: hooksQuery.queryKey, exact: true }),
    onError: tellProblem,
  });
  return (
    <Drawer title={make.data ? make.data.hook.name : t("open")} subtitle={make.data ? t("make.tell") : t("make.lead")} onClose={onClose} width={600}>
      {make.data ? (
        <Opened made={make.data} preset={chosen} />
      ) : (
        <form className={css.form} onSubmit={(event) => { event.preventDefault(); make.mutate(); }}>
          <Select label={t("make.service")} allowDeselect={false} value={preset} data={presets.map((each) => ({ value: each.name, label: title(each) }))} onChange={(value) => value && setPreset(value)} />
          <TextInput label={t("make.name")} placeholder={chosen ? title(chosen) : ""} maxLength={120} value={name} onChange={(event) => setName(event.currentTarget.value)} />
          {chosen?.secret_from === "them" && (
            <PasswordInput label={t("make.their_secret")} description={t(`secret_of.${chosen.scheme.kind}`)} value={secret} onChange={(event) => setSecret(event.currentTarget.value)} autoComplete="off" />
          )}
          <p className={css.hint}>{t(chosen?.secret_from === "them" ? "make.theirs" : "make.ours")}</p>
          <div><Button type="submit" loading={make.isPending}>{t("open")}</Button></div>
        </form>
      )}
    </Drawer>
  );
}

function Opened({ made, preset }: { made: NewHook; preset: HookPreset | undefined }) {
  const { t } = useTranslation("hooks");
  const navigate = useNavigate();
  const address = addressOf(made.hook.path);
  return (
    <div className={css.form}>
      <section>
        <h3>{t("make.address")}</h3>
        <CopyText text={preset?.scheme.kind === "basic" && made.secret ? address.replace("://", `://regulars:${made.secret}@`) : address} shown={address} />
      </section>
      {made.secret && (
        <section>
          <h3>{t("make.secret")}</h3>
          <CopyText text={made.secret} />
          <p className={css.hint}>{t("make.once")}</p>
        </section>
      )}
      {made.hook.secrets.length === 0 && <p className={css.watch}>{t("make.no_secret")}</p>}
      <Waiting hook_id={made.hook.hook_id} />
      <div><Button variant="default" onClick={() => void navigate({ to: "/hooks", search: { open: made.hook.hook_id } })}>{t("make.workbench")}</Button></div>
    </div>
  );
}
