import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { sessionQuery, setupQuery } from "../session/session";
import { type Person, post } from "../shared/api";
import { DoorPage } from "../shared/DoorPage";
import { FormProblem } from "../shared/FormProblem";
import { queryClient } from "../shared/query";

const PASSWORD_LENGTH_MIN = 10; // the shop refuses shorter ones; said here before it is asked

/** Who opens this shop, and what is it called? */
export function WelcomePage() {
  const { t, i18n } = useTranslation("setup");
  const { token } = useSearch({ from: "/setup" });
  const navigate = useNavigate();
  const setup = useQuery(setupQuery).data;
  const form = useForm({
    initialValues: { shop_name: "", name: "", email: "", password: "" },
    validateInputOnBlur: true,
    validate: {
      password: (value) => (value.length > 0 && value.length < PASSWORD_LENGTH_MIN ? t("welcome.password_short", { count: PASSWORD_LENGTH_MIN }) : null),
    },
  });
  const open = useMutation({
    mutationFn: (values: typeof form.values) =>
      post<Person>("/v1/setup", { ...values, email: values.email.trim(), token: token ?? null, language: i18n.language }),
    onSuccess: async (person) => {
      queryClient.setQueryData(sessionQuery.queryKey, person);
      await queryClient.invalidateQueries({ queryKey: setupQuery.queryKey });
      await navigate({ to: "/start", replace: true });
    },
  });
  useEffect(() => {
    document.title = `${t("welcome.title")} · Regulars`;
  }, [t]);
  if (setup && !setup.needed) {
    return (
      <DoorPage title={t("welcome.done")} text={t("welcome.done_text")}>
        <form>
          <Button component={Link} to="/login" fullWidth size="md">{t("welcome.to_login")}</Button>
        </form>
      </DoorPage>
    );
  }
  return (
    <DoorPage title={t("welcome.title")} text={t("welcome.text")} foot={t("welcome.foot")}>
      <form onSubmit={form.onSubmit((values) => open.mutate(values))}>
        <TextInput label={t("welcome.shop_name")} placeholder={t("welcome.shop_example")} required maxLength={120} autoFocus size="md" {...form.getInputProps("shop_name")} />
        <TextInput label={t("welcome.name")} autoComplete="name" required maxLength={120} size="md" {...form.getInputProps("name")} />
        <TextInput label={t("welcome.email")} type="email" autoComplete="username" required maxLength={254} size="md" {...form.getInputProps("email")} />
        <PasswordInput label={t("welcome.password")} description={t("welcome.password_hint")} autoComplete="new-password" required maxLength={256} size="md" visibilityToggleButtonProps={{ "aria-label": t("welcome.show_password") }} {...form.getInputProps("password")} />
        <FormProblem error={open.error} />
        <Button type="submit" size="md" fullWidth loading={open.isPending}>{t("welcome.open")}</Button>
      </form>
    </DoorPage>
  );
}
