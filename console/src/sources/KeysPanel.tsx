import { ActionIcon, Alert, Button, Select, TextInput, Tooltip } from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconKey, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../session/session";
import { get, type NewSecretKey, post, remove, type Role, type SecretKey } from "../shared/api";
import { CopyText } from "../shared/Copyable";
import { DataTable, type TableColumn } from "../shared/DataTable";
import { EmptyState } from "../shared/EmptyState";
import { ErrorState } from "../shared/ErrorState";
import { FormProblem } from "../shared/FormProblem";
import { useFormat } from "../shared/format";
import { Section } from "../shared/Page";
import { TableSkeleton } from "../shared/Skeletons";
import { TimeAgo } from "../shared/TimeAgo";
import { withUndo } from "../shared/toast";
import css from "./KeysPanel.module.css";

const KEYS = ["keys"] as const;

export function KeysPanel() {
  const { t } = useTranslation("sources");
  const may = useMay("admin");
  const query = useQuery({ queryKey: KEYS, queryFn: ({ signal }) => get<SecretKey[]>("/v1/keys", undefined, signal), enabled: may });
  const columns = useColumns();
  if (!may) return <EmptyState icon={<IconKey size={22} stroke={1.5} />} title={t("keys.forbidden")} />;
  return (
    <div className={css.stack}>
      <Section title={t("keys.make")} hint={t("keys.text")}>
        <MakeKey />
      </Section>
      <Section flush>
        {query.isPending && <TableSkeleton rows={3} />}
        {query.error && <ErrorState error={query.error} retry={() => void query.refetch()} size="small" />}
        {query.data && (
          <DataTable
            label={t("tab.keys")}
            columns={columns}
            rows={query.data}
            rowKey={(each) => each.key_id}
            rowHeight={44}
            empty={<EmptyState size="small" icon={<IconKey size={22} stroke={1.5} />} title={t("keys.empty")} text={t("keys.empty_text")} />}
          />
        )}
      </Section>
    </div>
  );
}

function MakeKey() {
  const { t } = useTranslation("sources");
  const { t: tApp } = useTranslation("app");
  const queryClient = useQueryClient();
  const [made, setMade] = useState<NewSecretKey | null>(null);
  const form = useForm<{ name: string; role: Role }>({ initialValues: { name: "", role: "marketer" } });
  const make = useMutation({
    mutationFn: (values: { name: string; role: Role }) => post<NewSecretKey>("/v1/keys", values),
    onSuccess: (key) => {
      setMade(key);
      form.reset();
      void queryClient.invalidateQueries({ queryKey: KEYS });
    },
  });
  if (made) {
    return (
      <Alert color="teal" variant="light" title={t("keys.once")} icon={<IconKey size={18} stroke={1.5} />}>
        <div className={css.once}>
          <CopyText text={made.secret} />
          <Button variant="default" size="compact-sm" onClick={() => setMade(null)}>{t("keys.done")}</Button>
        </div>
      </Alert>
    );
  }
  return (
    <form className={css.form} onSubmit={form.onSubmit((values) => make.mutate(values))}>
      <TextInput className={css.name} label={t("keys.name")} placeholder={t("keys.name_example")} required maxLength={120} {...form.getInputProps("name")} />
      <Select label={t("keys.role")} allowDeselect={false} data={(["viewer", "marketer", "admin"] as const).map((role) => ({ value: role, label: tApp(`role.${role}`) }))} {...form.getInputProps("role")} />
      <Button type="submit" loading={make.isPending}>{t("keys.make")}</Button>
      <FormProblem error={make.error} />
    </form>
  );
}

function useColumns(): TableColumn<SecretKey>[] {
  const { t } = useTranslation("sources");
  const { t: tApp } = useTranslation("app");
  const format = useFormat();
  const queryClient = useQueryClient();
  return useMemo(() => {
    const drop = (key: SecretKey) =>
      withUndo({
        message: t("keys.removed", { name: key.name }),
        show: () => queryClient.setQueryData(KEYS, (all: SecretKey[] | undefined) => all?.filter((each) => each.key_id !== key.key_id)),
        back: () => void queryClient.invalidateQueries({ queryKey: KEYS }),
        commit: () => remove(`/v1/keys/${key.key_id}`, { keepalive: true }),
      });
    return [
      { key: "name", title: t("column.name"), width: 180, value: (each) => each.name },
      { key: "prefix", title: t("column.prefix"), width: 130, value: (each) => each.prefix, cell: (each) => <code className={css.prefix}>{each.prefix}…</code> },
      { key: "role", title: t("column.role"), width: 100, value: (each) => tApp(`role.${each.role}`) },
      { key: "used", title: t("column.used"), width: 120, value: (each) => each.last_used_at, cell: (each) => (each.last_used_at ? <TimeAgo at={each.last_used_at} /> : <span className={css.never}>{t("keys.never")}</span>) },
      { key: "created", title: t("column.created"), width: 120, hideBelow: 900, value: (each) => each.created_at, cell: (each) => format.day(each.created_at) },
      { key: "by", title: t("column.by"), width: 110, hideBelow: 900, value: (each) => each.created_by },
      {
        key: "remove", title: "", width: 48, align: "end", sortable: false, value: () => null,
        cell: (each) => (
          <Tooltip label={t("keys.remove")}>
            <ActionIcon aria-label={`${t("keys.remove")}: ${each.name}`} onClick={() => drop(each)}>
              <IconTrash size={16} stroke={1.5} />
            </ActionIcon>
          </Tooltip>
        ),
      },
    ];
  }, [t, tApp, format, queryClient]);
}
