import { Button, NumberInput, Select, TextInput } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Drawer, ErrorState, tell, withUndo } from "../shared";
import { type Policy, put, remove, type Slot } from "../shared/api";
import { slotsQuery } from "./queries";
import { DIVERSITY, NO_FILTERS, NOVELTY } from "./search";
import css from "./SlotDrawer.module.css";

export const POLICIES: readonly Policy[] = ["blend", "taste", "sessions", "transitions", "similar", "trending", "popular", "rules"];
const NAME = /^[a-z0-9][a-z0-9_-]*$/;

interface SlotDrawerProps {
  slot: Slot | null;
  onClose: () => void;
  onSaved: (slot: Slot | null) => void;
}

/** Define a slot or change one. What it filters is set by the knobs, where the effect shows. */
export function SlotDrawer({ slot, onClose, onSaved }: SlotDrawerProps) {
  const { t } = useTranslation("recommend");
  const client = useQueryClient();
  const [name, setName] = useState(slot?.name ?? "");
  const [title, setTitle] = useState(slot?.title ?? "");
  const [policy, setPolicy] = useState<Policy>(slot?.policy ?? "blend");
  const [count, setCount] = useState(slot?.count ?? 20);
  const [experiment, setExperiment] = useState(slot?.experiment_key ?? "");
  const [asked, setAsked] = useState(false);
  const all = (change: (before: Slot[]) => Slot[]) => client.setQueryData<Slot[]>(slotsQuery.queryKey, (before) => change(before ?? []));
  const save = useMutation({
    mutationFn: () =>
      put<Slot>(`/v1/recommend/slots/${encodeURIComponent(name)}`, {
        title: title.trim(), policy, count, experiment_key: experiment.trim() || null,
        filters: slot?.filters ?? NO_FILTERS, diversity: slot?.diversity ?? DIVERSITY, novelty: slot?.novelty ?? NOVELTY,
      }),
    onSuccess: (saved) => {
      all((before) => [...before.filter((each) => each.name !== saved.name), saved].sort((a, b) => a.name.localeCompare(b.name)));
      tell(t("slot.saved", { slot: saved.title }));
      onSaved(saved);
      onClose();
    },
  });
  const wrongName = !NAME.test(name);
  const wrongTitle = !title.trim();
  const drop = (gone: Slot) => {
    onClose();
    withUndo({
      message: t("slot.removed", { slot: gone.title }),
      show: () => {
        all((before) => before.filter((each) => each.name !== gone.name));
        onSaved(null);
      },
      back: () => all((before) => [...before, gone].sort((a, b) => a.name.localeCompare(b.name))),
      commit: () => remove(`/v1/recommend/slots/${encodeURIComponent(gone.name)}`, { keepalive: true }),
    });
  };
  return (
    <Drawer title={slot ? slot.title : t("slot.new")} subtitle={t("slot.lead")} onClose={onClose}>
      <form
        className={css.form}
        onSubmit={(event) => {
          event.preventDefault();
          setAsked(true);
          if (!wrongName && !wrongTitle) save.mutate();
        }}
      >
        <TextInput label={t("slot.title")} description={t("slot.title_hint")} value={title} onChange={(event) => setTitle(event.currentTarget.value)} error={asked && wrongTitle ? t("slot.title_wrong") : undefined} />
        <TextInput label={t("slot.name")} description={t("slot.name_hint")} value={name} disabled={slot !== null} onChange={(event) => setName(event.currentTarget.value)} error={asked && wrongName ? t("slot.name_wrong") : undefined} />
        <Select label={t("slot.policy")} description={t(`policy_means.${policy}`)} data={POLICIES.map((each) => ({ value: each, label: t(`policy.${each}`) }))} value={policy} onChange={(value) => value && setPolicy(value as Policy)} allowDeselect={false} />
        <NumberInput label={t("slot.count")} min={1} max={200} clampBehavior="strict" value={count} onChange={(value) => setCount(Number(value) || 1)} />
        <TextInput label={t("slot.experiment")} description={t("slot.experiment_hint")} value={experiment} onChange={(event) => setExperiment(event.currentTarget.value)} />
        {save.error && <ErrorState size="small" error={save.error} />}
        <div className={css.actions}>
          {slot && <Button type="button" variant="subtle" color="red" leftSection={<IconTrash size={16} stroke={1.5} />} onClick={() => drop(slot)}>{t("slot.remove")}</Button>}
          <Button type="submit" loading={save.isPending}>{t("slot.save")}</Button>
        </div>
      </form>
    </Drawer>
  );
}
