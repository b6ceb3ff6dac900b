import { Button, Select, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Source, SourceKind } from "../shared/api";
import { FormProblem } from "../shared/FormProblem";
import { KINDS } from "./kinds";
import css from "./MakeSource.module.css";
import { makeSource, sourcesQuery } from "./sources";

/** A name, a kind, and the key is there. */
export function MakeSource({ onMade }: { onMade: (source: Source) => void }) {
  const { t } = useTranslation("sources");
  const queryClient = useQueryClient();
  const form = useForm<{ name: string; kind: SourceKind }>({ initialValues: { name: "", kind: "web" } });
  const make = useMutation({
    mutationFn: ({ name, kind }: { name: string; kind: SourceKind }) => makeSource(name.trim() || t(`kind.${kind}`), kind),
    onSuccess: (source) => {
      queryClient.setQueryData(sourcesQuery.queryKey, (all: Source[] | undefined) => [...(all ?? []), source]);
      onMade(source);
    },
  });
  return (
    <form className={css.form} onSubmit={form.onSubmit((values) => make.mutate(values))}>
      <Select
        label={t("make.kind")}
        data={KINDS.map((kind) => ({ value: kind, label: t(`kind.${kind}`) }))}
        allowDeselect={false}
        comboboxProps={{ withinPortal: true }}
        {...form.getInputProps("kind")}
      />
      <TextInput label={t("make.name")} placeholder={t(`kind.${form.values.kind}`)} maxLength={120} className={css.name} {...form.getInputProps("name")} />
      <Button type="submit" loading={make.isPending}>{t("make.button")}</Button>
      <div className={css.problem}>
        <FormProblem error={make.error} />
      </div>
    </form>
  );
}
