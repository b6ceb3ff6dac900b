import { ActionIcon, Avatar, Button, Select, Tooltip } from "@mantine/core";
import { IconKey, IconUserMinus, IconUserPlus } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSession } from "../session/session";
import { patch, type Person, remove, type Role } from "../shared/api";
import { DataTable, type TableColumn } from "../shared/DataTable";
import { ErrorState } from "../shared/ErrorState";
import { Section } from "../shared/Page";
import { TableSkeleton } from "../shared/Skeletons";
import { TimeAgo } from "../shared/TimeAgo";
import { withUndo } from "../shared/toast";
import { AddPerson } from "./AddPerson";
import { NewPassword } from "./NewPassword";
import css from "./PeoplePanel.module.css";
import { peopleQuery } from "./people";

const ROLES: readonly Role[] = ["viewer", "marketer", "admin"];

/** Who may sign in, and what they may do. */
export function PeoplePanel() {
  const { t } = useTranslation("settings");
  const query = useQuery(peopleQuery);
  const [adding, setAdding] = useState(false);
  const [renewing, setRenewing] = useState<Person | null>(null);
  const columns = useColumns(setRenewing);
  return (
    <div className={css.stack}>
      <Section
        flush
        title={t("people.title")}
        hint={t("people.text")}
        tools={<Button leftSection={<IconUserPlus size={16} stroke={1.5} />} onClick={() => setAdding(true)}>{t("people.add")}</Button>}
      >
        {query.isPending && <TableSkeleton rows={4} columns={4} />}
        {query.error && <ErrorState error={query.error} retry={() => void query.refetch()} size="small" />}
        {query.data && <DataTable label={t("people.title")} columns={columns} rows={query.data} rowKey={(each) => each.person_id} rowHeight={48} />}
      </Section>
      <dl className={css.roles}>
        {ROLES.map((role) => (
          <RoleLine key={role} role={role} />
        ))}
      </dl>
      {adding && <AddPerson onClose={() => setAdding(false)} />}
      {renewing && <NewPassword person={renewing} onClose={() => setRenewing(null)} />}
    </div>
  );
}

function RoleLine({ role }: { role: Role }) {
  const { t } = useTranslation("settings");
  const { t: tApp } = useTranslation("app");
  return (
    <div>
      <dt>{tApp(`role.${role}`)}</dt>
      <dd>{t(`role.${role}`)}</dd>
    </div>
  );
}

function useColumns(renew: (person: Person) => void): TableColumn<Person>[] {
  const { t } = useTranslation("settings");
  const { t: tApp } = useTranslation("app");
  const me = useSession();
  const queryClient = useQueryClient();
  return useMemo(() => {
    const show = (change: (all: Person[]) => Person[]) => queryClient.setQueryData(peopleQuery.queryKey, (all: Person[] | undefined) => all && change(all));
    const setRole = (person: Person, role: Role) =>
      withUndo({
        message: t("people.role_changed", { name: person.name, role: tApp(`role.${role}`) }),
        show: () => show((all) => all.map((each) => (each.person_id === person.person_id ? { ...each, role } : each))),
        back: () => show((all) => all.map((each) => (each.person_id === person.person_id ? { ...each, role: person.role } : each))),
        commit: () => patch(`/v1/people/${person.person_id}`, { role }, { keepalive: true }),
      });
    const drop = (person: Person) =>
      withUndo({
        message: t("people.removed", { name: person.name }),
        show: () => show((all) => all.filter((each) => each.person_id !== person.person_id)),
        back: () => void queryClient.invalidateQueries({ queryKey: peopleQuery.queryKey }),
        commit: () => remove(`/v1/people/${person.person_id}`, { keepalive: true }),
      });
    return [
      {
        key: "name", title: t("column.name"), width: 140, value: (each) => each.name,
        cell: (each) => (
          <span className={css.person}>
            <Avatar size={28} radius="xl" name={each.name} color="gray" variant="light" aria-hidden />
            <span className={css.who}>
              <span className={css.name}>{each.name}{each.person_id === me?.person_id && <span className={css.you}> {t("people.you")}</span>}</span>
              <span className={css.mail}>{each.email}</span>
            </span>
          </span>
        ),
      },
      {
        key: "role", title: t("column.role"), width: 116, value: (each) => tApp(`role.${each.role}`),
        cell: (each) =>
          each.person_id === me?.person_id ? (
            tApp(`role.${each.role}`)
          ) : (
            <Select
              size="xs" w={112} allowDeselect={false} aria-label={t("people.role_of", { name: each.name })}
              data={ROLES.map((role) => ({ value: role, label: tApp(`role.${role}`) }))}
              value={each.role}
              onChange={(role) => role && role !== each.role && setRole(each, role)}
            />
          ),
      },
      { key: "seen", title: t("column.seen"), width: 110, hideBelow: 720, value: (each) => each.last_seen_at, cell: (each) => (each.last_seen_at ? <TimeAgo at={each.last_seen_at} /> : t("people.never")) },
      {
        key: "actions", title: "", width: 84, align: "end", sortable: false, value: () => null,
        cell: (each) =>
          each.person_id !== me?.person_id && (
            <span className={css.actions}>
              <Tooltip label={t("people.password")}>
                <ActionIcon aria-label={`${t("people.password")}: ${each.name}`} onClick={() => renew(each)}>
                  <IconKey size={16} stroke={1.5} />
                </ActionIcon>
              </Tooltip>
              <Tooltip label={t("people.remove")}>
                <ActionIcon aria-label={`${t("people.remove")}: ${each.name}`} onClick={() => drop(each)}>
                  <IconUserMinus size={16} stroke={1.5} />
                </ActionIcon>
              </Tooltip>
            </span>
          ),
      },
    ];
  }, [t, tApp, me?.person_id, queryClient, renew]);
}
