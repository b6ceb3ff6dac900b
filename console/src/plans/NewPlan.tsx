import { Button, FileButton, Menu } from "@mantine/core";
import { IconChecklist, IconChevronDown, IconFileImport, IconPencil, IconWand } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { tell, tellProblem } from "../shared";
import { get, type Inferred, type Plan, type PlanFile, post } from "../shared/api";
import css from "./NewPlan.module.css";
import { plansQuery, readyQuery } from "./queries";

const ICON = { size: 16, stroke: 1.5 } as const;

/** A plan begins from what came lately, from a ready one, from a file, or empty. */
export function NewPlan({ first = false }: { first?: boolean }) {
  const { t } = useTranslation("plans");
  const navigate = useNavigate();
  const client = useQueryClient();
  const ready = useQuery(readyQuery);
  const open = (plan: Plan) => {
    void client.invalidateQueries({ queryKey: plansQuery.queryKey });
    tell(t("new.made", { name: plan.name, count: plan.draft.events.length }));
    void navigate({ to: "/plans/$planId", params: { planId: plan.plan_id }, search: { tab: "fields" } });
  };
  const free = (name: string) => {
    const taken = new Set((client.getQueryData(plansQuery.queryKey) ?? []).map((each) => each.name.toLowerCase()));
    for (let number = 1; ; number += 1) {
      const candidate = number === 1 ? name : `${name} ${number}`;
      if (!taken.has(candidate.toLowerCase())) return candidate;
    }
  };
  const infer = useMutation({
    mutationFn: async () => {
      const found = await post<Inferred>("/v1/plans/infer", {});
      return post<Plan>("/v1/plans", { name: free(t("new.inferred_name")), body: found.body });
    },
    onSuccess: open,
    onError: tellProblem,
  });
  const bring = useMutation({ mutationFn: async (read: () => Promise<PlanFile>) => {
    const file = await read();
    return post<Plan>("/v1/plans/import", { file: { ...file, name: free(file.name) } });
  }, onSuccess: open, onError: tellProblem });
  const make = useMutation({ mutationFn: () => post<Plan>("/v1/plans", { name: free(t("new.empty_name")) }), onSuccess: open, onError: tellProblem });
  const busy = infer.isPending || bring.isPending || make.isPending;
  const inferButton = <Button leftSection={<IconWand {...ICON} />} loading={infer.isPending} disabled={busy && !infer.isPending} onClick={() => infer.mutate()}>{t("new.infer")}</Button>;
  return (
    <div className={first ? css.first : css.row}>
      {inferButton}
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <Button variant="default" rightSection={<IconChevronDown {...ICON} />} loading={bring.isPending || make.isPending}>{t("new.other")}</Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{t("new.ready")}</Menu.Label>
          {ready.data?.map((each) => (
            <Menu.Item key={each.key} leftSection={<IconChecklist {...ICON} />} rightSection={<span className={css.count}>{t("card.events", { count: each.events })}</span>} onClick={() => bring.mutate(() => get<PlanFile>(`/v1/plans/ready/${encodeURIComponent(each.key)}`))}>
              {t(`ready.${each.key as "music"}`, { defaultValue: each.name })}
            </Menu.Item>
          ))}
          <Menu.Divider />
          <FileButton accept="application/json,.json" onChange={(file) => file && bring.mutate(async () => JSON.parse(await file.text()) as PlanFile)}>
            {(props) => <Menu.Item {...props} leftSection={<IconFileImport {...ICON} />}>{t("new.file")}</Menu.Item>}
          </FileButton>
          <Menu.Item leftSection={<IconPencil {...ICON} />} onClick={() => make.mutate()}>{t("new.empty")}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}
