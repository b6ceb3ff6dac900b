import { Button, PasswordInput, SegmentedControl, Select, TextInput, useMantineColorScheme } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { chooseLanguage, LANGUAGE_NAMES, LANGUAGES } from "../app/i18n";
import { sessionQuery, useSession } from "../session/session";
import { patch, type Person } from "../shared/api";
import { FormProblem } from "../shared/FormProblem";
import { Section } from "../shared/Page";
import { queryClient } from "../shared/query";
import { tell, tellProblem } from "../shared/toast";
import css from "./form.module.css";

const changeMe = async (change: Record<string, unknown>): Promise<Person> => {
  const person = await patch<Person>("/v1/session", change);
  queryClient.setQueryData(sessionQuery.queryKey, person);
  return person;
};

/** My name, language, colours and password. */
export function MePanel() {
  const { t } = useTranslation("settings");
  const me = useSession();
  if (!me) return null;
  return (
    <div className={css.stack}>
      <Section title={t("me.title")}>
        <Myself me={me} />
      </Section>
      <Section title={t("me.password")}>
        <OwnPassword me={me} />
      </Section>
    </div>
  );
}

function Myself({ me }: { me: Person }) {
  const { t, i18n } = useTranslation("settings");
  const { t: tApp } = useTranslation("app");
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [name, setName] = useState(me.name);
  const rename = useMutation({ mutationFn: () => changeMe({ name: name.trim() }), onSuccess: () => tell(t("me.saved")), onError: tellProblem });
  const speak = (language: (typeof LANGUAGES)[number]) => {
    void chooseLanguage(language);
    changeMe({ language }).catch(tellProblem);
  };
  return (
    <form className={css.form} onSubmit={(event) => { event.preventDefault(); rename.mutate(); }}>
      <TextInput label={t("column.name")} value={name} required maxLength={120} onChange={(event) => setName(event.currentTarget.value)} rightSectionWidth={84} rightSection={name.trim() !== me.name && name.trim() !== "" && <Button type="submit" size="compact-sm" variant="subtle" loading={rename.isPending}>{t("me.save")}</Button>} />
      <TextInput label={t("column.email")} value={me.email} readOnly variant="unstyled" />
      <Select label={tApp("language.label")} allowDeselect={false} value={i18n.language} data={LANGUAGES.map((each) => ({ value: each, label: LANGUAGE_NAMES[each] }))} onChange={(value) => { const language = LANGUAGES.find((each) => each === value); if (language) speak(language); }} />
      <div>
        <p style={{ marginBottom: 4, fontSize: 13 }} id="theme-label">{tApp("theme.label")}</p>
        <SegmentedControl aria-labelledby="theme-label" value={colorScheme} onChange={(value) => setColorScheme(value)} data={(["light", "dark", "auto"] as const).map((each) => ({ value: each, label: tApp(`theme.${each}`) }))} />
      </div>
    </form>
  );
}

function OwnPassword({ me }: { me: Person }) {
  const { t } = useTranslation("settings");
  const form = useForm({ initialValues: { current_password: "", password: "" } });
  const change = useMutation({
    mutationFn: changeMe,
    onSuccess: () => {
      form.reset();
      tell(t("me.password_changed"));
    },
  });
  return (
    <form className={css.form} onSubmit={form.onSubmit((values) => change.mutate(values))}>
      <input type="text" name="username" autoComplete="username" value={me.email} readOnly hidden />
      <PasswordInput label={t("me.current_password")} required autoComplete="current-password" {...form.getInputProps("current_password")} />
      <PasswordInput label={t("me.new_password")} description={t("me.new_password_text")} required minLength={10} maxLength={256} autoComplete="new-password" {...form.getInputProps("password")} />
      <FormProblem error={change.error} />
      <Button type="submit" loading={change.isPending}>{t("me.change_password")}</Button>
    </form>
  );
}
