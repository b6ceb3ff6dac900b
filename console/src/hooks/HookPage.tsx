import { Alert, Button, Menu, Switch } from "@mantine/core";
import { IconAlertTriangle, IconArrowLeft, IconDots, IconKey, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../session/session";
import { ChartSkeleton, ConfirmTyped, CopyText, ErrorState, Page, Section, tell, tellProblem } from "../shared";
import { type Hook, patch, remove } from "../shared/api";
import css from "./HookPage.module.css";
import { addressOf, hooksQuery, isSealed } from "./queries";
import { Secret } from "./Secret";
import { Waiting } from "./Waiting";
import { Workbench } from "./Workbench";

/** One hook: its address, whether anything comes, and the workbench where one says what it tells. */
export function HookPage({ hook_id }: { hook_id: string }) {
  const { t } = useTranslation("hooks");
  const query = useQuery(hooksQuery);
  const [giving, setGiving] = useState(false); // not the notice's own: it goes once the new secret is there, which is shown this once
  const hook = query.data?.find((each) => each.hook_id === hook_id);
  return (
    <Page title={hook?.name ?? t("title")} question={t("one_question")} tools={hook && <Tools hook={hook} />}>
      <Link to="/hooks" search={{}} className={css.back}><IconArrowLeft size={16} stroke={1.5} aria-hidden />{t("all")}</Link>
      {query.isPending && <Section><ChartSkeleton height={260} /></Section>}
      {query.error && <ErrorState error={query.error} retry={() => void query.refetch()} />}
      {query.data && !hook && <p>{t("gone")}</p>}
      {hook && (
        <>
          {isSealed(hook) && <Sealed onNew={() => setGiving(true)} />}
          {giving && <Secret hook={hook} onClose={() => setGiving(false)} />}
          <div className={css.top}>
            <div className={css.address}><span>{t("make.address")}</span><CopyText text={addressOf(hook.path)} /></div>
            <Waiting hook_id={hook.hook_id} />
          </div>
          <Workbench key={hook.version} hook={hook} />
        </>
      )}
    </Page>
  );
}

/** What to do when the key is lost that opens a hook's secret. */
function Sealed({ onNew }: { onNew: () => void }) {
  const { t } = useTranslation("hooks");
  const admin = useMay("admin");
  return (
    <Alert color="red" variant="light" role="alert" title={t("sealed.title")} icon={<IconAlertTriangle size={18} stroke={1.5} />}>
      <p className={css.sealed}>{t("sealed.text")}</p>
      {admin && <Button leftSection={<IconKey size={16} stroke={1.5} />} onClick={onNew}>{t("secret.change")}</Button>}
    </Alert>
  );
}

function Tools({ hook }: { hook: Hook }) {
  const { t } = useTranslation("hooks");
  const admin = useMay("admin");
  const navigate = useNavigate();
  const client = useQueryClient();
  const [asking, setAsking] = useState<"secret" | "remove" | null>(null);
  const refresh = () => client.invalidateQueries({ queryKey: hooksQuery.queryKey, exact: true });
  const toggle = useMutation({ mutationFn: (enabled: boolean) => patch<Hook>(`/v1/hooks/${hook.hook_id}`, { enabled }), onSuccess: refresh, onError: tellProblem });
  const gone = useMutation({
    mutationFn: () => remove(`/v1/hooks/${hook.hook_id}`),
    onSuccess: () => { tell(t("removed", { name: hook.name })); void refresh(); void navigate({ to: "/hooks", search: {} }); },
    onError: tellProblem,
  });
  if (!admin) return null;
  return (
    <>
      <Switch label={t("takes")} checked={hook.enabled} onChange={(event) => toggle.mutate(event.currentTarget.checked)} />
      <Menu>
        <Menu.Target><Button variant="subtle" color="gray" aria-label={t("more")}><IconDots size={18} stroke={1.5} /></Button></Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconKey size={16} stroke={1.5} />} onClick={() => setAsking("secret")}>{t("secret.change")}</Menu.Item>
          <Menu.Item leftSection={<IconTrash size={16} stroke={1.5} />} onClick={() => setAsking("remove")}>{t("remove")}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {asking === "secret" && <Secret hook={hook} onClose={() => setAsking(null)} />}
      {asking === "remove" && (
        <Secret.Frame title={t("remove")} onClose={() => setAsking(null)}>
          <ConfirmTyped text={t("remove_text")} word={hook.name} label={t("type_name", { name: hook.name })} button={t("remove")} busy={gone.isPending} onConfirm={() => gone.mutate()} onCancel={() => setAsking(null)} />
        </Secret.Frame>
      )}
    </>
  );
}
