import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate, useRouter, useSearch } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { DoorPage } from "../shared/DoorPage";
import { FormProblem } from "../shared/FormProblem";
import { setupQuery, signIn } from "./session";

export function LoginPage() {
  const { t } = useTranslation("session");
  const { next } = useSearch({ from: "/login" });
  const navigate = useNavigate();
  const router = useRouter();
  const setup = useQuery(setupQuery).data;
  const form = useForm({ initialValues: { email: "", password: "" } });
  const enter = useMutation({
    mutationFn: ({ email, password }: typeof form.values) => signIn(email.trim(), password),
    onSuccess: () => router.history.replace(next ?? "/today"),
  });
  useEffect(() => {
    document.title = `${t("title")} · Regulars`;
  }, [t]);
  useEffect(() => {
    if (setup?.needed) void navigate({ to: "/setup", replace: true });
  }, [setup?.needed, navigate]);
  return (
    <DoorPage title={setup?.shop_name || "Regulars"} text={t("text")} foot={t("forgotten")}>
      <form onSubmit={form.onSubmit((values) => enter.mutate(values))}>
        <TextInput label={t("email")} type="email" autoComplete="username" required autoFocus size="md" {...form.getInputProps("email")} />
        <PasswordInput label={t("password")} autoComplete="current-password" required size="md" visibilityToggleButtonProps={{ "aria-label": t("show_password") }} {...form.getInputProps("password")} />
        <FormProblem error={enter.error} />
        <Button type="submit" size="md" fullWidth loading={enter.isPending}>{t("enter")}</Button>
      </form>
    </DoorPage>
  );
}
