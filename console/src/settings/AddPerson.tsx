import { Button, Select, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { LANGUAGE_NAMES, LANGUAGES } from "../app/i18n";
import { type Person, post, type Role } from "../shared/api";
import { CopyButton } from "../shared/Copyable";
import { Drawer } from "../shared/Drawer";
import { FormProblem } from "../shared/FormProblem";
import { tell } from "../shared/toast";
import css from "./form.module.css";
import { peopleQuery, sayablePassword } from "./people";

export function AddPerson({ onClose }: { onClose: () => void }) {
  const { t, i18n } = useTranslation("settings");
  const { t: tApp } = useTranslation("app");
  const queryClient = useQueryClient();
  const form = useForm({ initialValues: { name: "", email: "", role: "viewer" as Role, language: i18n.language, password: sayablePassword() } });
  const add = useMutation({
    mutationFn: (values: typeof form.values) => post<Person>("/v1/people", { ...values, email: values.email.trim() }),
    onSuccess: (person) => {
      void queryClient.invalidateQueries({ queryKey: peopleQuery.queryKey });
      tell(t("people.added", { name: person.name }));
      onClose();
    },
  });
  return (
    <Drawer title={t("people.add")} subtitle={t("people.add_text")} onClose={onClose} width={440}>
      <form className={css.form} onSubmit={form.onSubmit((values) => add.mutate(values))}>
        <TextInput label={t("column.name")} required maxLength={120} data-autofocus {...form.getInputProps("name")} />
        <TextInput label={t("column.email")} type="email" required maxLength={254} {...form.getInputProps("email")} />
        <Select label={t("column.role")} allowDeselect={false} data={(["viewer", "marketer", "admin"] as const).map((role) => ({ value: role, label: tApp(`role.${role}`) }))} description={t(`role.${form.values.role}`)} inputWrapperOrder={["label", "input", "description", "error"]} {...form.getInputProps("role")} />
        <Select label={tApp("language.label")} allowDeselect={false} data={LANGUAGES.map((each) => ({ value: each, label: LANGUAGE_NAMES[each] }))} {...form.getInputProps("language")} />
        <TextInput label={t("people.first_password")} description={t("people.first_password_text")} required maxLength={256} autoComplete="off" rightSection={<CopyButton text={form.values.password} />} {...form.getInputProps("password")} />
        <FormProblem error={add.error} />
        <Button type="submit" loading={add.isPending}>{t("people.add")}</Button>
      </form>
    </Drawer>
  );
}
