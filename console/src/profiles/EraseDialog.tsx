import { Button, Modal, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { tell, tellProblem } from "../shared";
import { type Profile, remove } from "../shared/api";
import css from "./EraseDialog.module.css";
import { profilePath } from "./queries";

/** Forgetting somebody cannot be undone, so the name must be typed. */
export function EraseDialog({ profile, onClose }: { profile: Profile; onClose: () => void }) {
  const { t } = useTranslation("profiles");
  const [typed, setTyped] = useState("");
  const navigate = useNavigate();
  const client = useQueryClient();
  const erase = useMutation({
    mutationFn: () => remove(profilePath(profile.customer_id)),
    onSuccess: async () => {
      tell(t("erase.done", { name: profile.name }));
      client.removeQueries({ queryKey: ["profiles", profile.customer_id] });
      await navigate({ to: "/profiles" });
      void client.invalidateQueries({ queryKey: ["profiles"] });
    },
    onError: tellProblem,
  });
  const ready = typed.trim() === profile.name.trim();
  return (
    <Modal opened onClose={onClose} title={t("erase.title", { name: profile.name })}>
      <form
        className={css.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) erase.mutate();
        }}
      >
        <p>{t("erase.text", { count: profile.events_total })}</p>
        <TextInput data-autofocus label={t("erase.type", { name: profile.name })} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} autoComplete="off" />
        <div className={css.actions}>
          <Button variant="default" onClick={onClose}>{t("erase.keep")}</Button>
          <Button type="submit" color="red" disabled={!ready} loading={erase.isPending}>{t("erase.do")}</Button>
        </div>
      </form>
    </Modal>
  );
}
