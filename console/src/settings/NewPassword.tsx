import { Button, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { patch, type Person } from "../shared/api";
import { CopyButton } from "../shared/Copyable";
import { Drawer } from "../shared/Drawer";
import { FormProblem } from "../shared/FormProblem";
import { tell } from "../shared/toast";
import css from "./form.module.css";
import { sayablePassword } from "./people";

export function NewPassword({ person, onClose }: { person: Person; onClose: () => void }) {
  const { t } = useTranslation("settings");
  const [password, setPassword] = useState(sayablePassword);
  const renew = useMutation({
    mutationFn: () => patch(`/v1/people/${person.person_id}`, { password }),
    onSuccess: () => {
      tell(t("people.password_changed", { name: person.name }));
      onClose();
    },
  });
  return (
    <Drawer title={t("people.password")} subtitle={person.name} onClose={onClose} width={440}>
      <form className={css.form} onSubmit={(event) => { event.preventDefault(); renew.mutate(); }}>
        <TextInput label={t("people.password")} description={t("people.password_text")} required maxLength={256} autoComplete="off" value={password} onChange={(event) => setPassword(event.currentTarget.value)} rightSection={<CopyButton text={password} />} />
        <FormProblem error={renew.error} />
        <Button type="submit" loading={renew.isPending}>{t("people.password_set")}</Button>
      </form>
    </Drawer>
  );
}
