import { Button } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ErrorState, Section, tell, tellProblem, TextSkeleton, TimeAgo, useFormat } from "../shared";
import { post } from "../shared/api";
import css from "./Models.module.css";
import { modelsQuery } from "./queries";

/** What the long-term taste was learned from, and the button to learn anew. Everything else needs no training. */
export function Models() {
  const { t } = useTranslation("recommend");
  const format = useFormat();
  const client = useQueryClient();
  const models = useQuery({ ...modelsQuery, refetchInterval: 15_000 });
  const train = useMutation({
    mutationFn: () => post("/v1/recommend/train"),
    onSuccess: () => {
      tell(t("models.started"));
      void client.invalidateQueries({ queryKey: ["jobs"] });
    },
    onError: tellProblem,
  });
  const newest = models.data?.[0];
  return (
    <Section title={t("models.title")} hint={t("models.hint")} tools={<Button variant="default" leftSection={<IconRefresh size={16} stroke={1.5} />} loading={train.isPending} onClick={() => train.mutate()}>{t("models.train")}</Button>}>
      {models.isPending && <TextSkeleton lines={1} />}
      {models.error && !models.data && <ErrorState size="small" error={models.error} retry={() => void models.refetch()} />}
      {models.data && !newest && <p className={css.line}>{t("models.none")}</p>}
      {newest && (
        <p className={css.line}>
          {t("models.newest", { kind: newest.kind, interactions: format.number(newest.interactions), items: format.number(newest.items), seconds: format.duration(newest.seconds * 1_000) })} <TimeAgo at={newest.trained_at} />
        </p>
      )}
    </Section>
  );
}
