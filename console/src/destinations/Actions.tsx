import { ActionIcon, Button, Menu } from "@mantine/core";
import { IconDots, IconKey, IconPencil, IconPlayerPause, IconPlayerPlay, IconSend, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../session/session";
import { ConfirmTyped, Drawer, ErrorState, tell, tellProblem, TextSkeleton } from "../shared";
import { type Destination, patch, post, remove } from "../shared/api";
import { draftFrom, Editor } from "./Editor";
import { ALL, destinationQuery, kindsQuery } from "./queries";
import { Rotate } from "./Rotate";
import { TrialDrawer } from "./TrialDrawer";

type Open = "test" | "edit" | "rotate" | "delete";

/** What may be done with a destination: tried out and paused by a marketer, changed by an admin. */
export function Actions({ destination }: { destination: Destination }) {
  const { t } = useTranslation("destinations");
  const [marketer, admin] = [useMay("marketer"), useMay("admin")];
  const [open, setOpen] = useState<Open | null>(null);
  const client = useQueryClient();
  const active = destination.status === "active";
  const toggle = useMutation({
    mutationFn: () => post<Destination>(`/v1/destinations/${destination.destination_id}/${active ? "pause" : "resume"}`),
    onSuccess: (next) => { client.setQueryData(destinationQuery(destination.destination_id).queryKey, next); void client.invalidateQueries(ALL); tell(t(active ? "one.paused" : "one.resumed")); },
    onError: tellProblem,
  });
  const close = () => setOpen(null);
  return (
    <>
      {marketer && <Button variant="default" leftSection={<IconSend size={16} stroke={1.5} />} onClick={() => setOpen("test")}>{t("one.test")}</Button>}
      {marketer && (
        <Button variant={active ? "default" : "filled"} loading={toggle.isPending} leftSection={active ? <IconPlayerPause size={16} stroke={1.5} /> : <IconPlayerPlay size={16} stroke={1.5} />} onClick={() => toggle.mutate()}>
          {t(active ? "one.pause" : "one.resume")}
        </Button>
      )}
      {admin && (
        <Menu position="bottom-end">
          <Menu.Target><ActionIcon variant="default" size={36} aria-label={t("one.more")}><IconDots size={16} stroke={1.5} /></ActionIcon></Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<IconPencil size={16} stroke={1.5} />} onClick={() => setOpen("edit")}>{t("one.edit")}</Menu.Item>
            {destination.signed && <Menu.Item leftSection={<IconKey size={16} stroke={1.5} />} onClick={() => setOpen("rotate")}>{t("one.rotate")}</Menu.Item>}
            <Menu.Item color="red" leftSection={<IconTrash size={16} stroke={1.5} />} onClick={() => setOpen("delete")}>{t("one.delete")}</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
      {open === "test" && <TrialDrawer destination={destination} onClose={close} />}
      {open === "edit" && <Edit destination={destination} onClose={close} />}
      {open === "rotate" && <Rotate destination={destination} onClose={close} />}
      {open === "delete" && <Delete destination={destination} onClose={close} />}
    </>
  );
}

function Edit({ destination, onClose }: { destination: Destination; onClose: () => void }) {
  const { t } = useTranslation("destinations");
  const client = useQueryClient();
  const kinds = useQuery(kindsQuery);
  const kind = kinds.data?.find((each) => each.name === destination.kind);
  return (
    <Drawer title={destination.name} subtitle={t("one.edit")} onClose={onClose} width={600}>
      {kinds.isPending && <TextSkeleton lines={6} />}
      {kinds.error && <ErrorState size="small" error={kinds.error} retry={() => void kinds.refetch()} />}
      {kind && (
        <Editor
          kind={kind}
          draft={draftFrom(destination)}
          label={t("form.save")}
          save={async (draft) => {
            const next = await patch<Destination>(`/v1/destinations/${destination.destination_id}`, draft);
            client.setQueryData(destinationQuery(destination.destination_id).queryKey, next);
            tell(t("one.changed", { name: next.name }));
            onClose();
          }}
        />
      )}
    </Drawer>
  );
}

function Delete({ destination, onClose }: { destination: Destination; onClose: () => void }) {
  const { t } = useTranslation("destinations");
  const client = useQueryClient();
  const navigate = useNavigate();
  const drop = useMutation({
    mutationFn: () => remove(`/v1/destinations/${destination.destination_id}`),
    onSuccess: () => { tell(t("one.deleted", { name: destination.name })); void client.invalidateQueries(ALL); void navigate({ to: "/destinations" }); },
    onError: tellProblem,
  });
  return (
    <Drawer title={t("one.delete")} subtitle={destination.name} onClose={onClose}>
      <ConfirmTyped text={t("one.delete_text", { count: destination.health.waiting })} label={t("one.delete_label", { name: destination.name })} word={destination.name} button={t("one.delete")} busy={drop.isPending} onConfirm={() => drop.mutate()} onCancel={onClose} />
    </Drawer>
  );
}
