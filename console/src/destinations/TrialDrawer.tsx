import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Drawer, ErrorState, inWords, Snippet, TextSkeleton, useFormat } from "../shared";
import { type Destination, post, type Trial } from "../shared/api";
import css from "./TrialDrawer.module.css";

/** Something invented is sent; both sides' words are shown as they were. */
export function TrialDrawer({ destination, onClose }: { destination: Destination; onClose: () => void }) {
  const { t } = useTranslation("destinations");
  const { mutate, data, error, isPending } = useMutation({ mutationFn: () => post<Trial>(`/v1/destinations/${destination.destination_id}/test`) });
  useEffect(() => mutate(), [mutate]);
  return (
    <Drawer title={t("trial.title")} subtitle={destination.name} onClose={onClose} width={640}>
      {isPending && <div role="status"><p className={css.text}>{t("trial.running")}</p><TextSkeleton lines={5} /></div>}
      {error && <ErrorState size="small" error={error} retry={() => mutate()} />}
      {data && !isPending && <Verdict trial={data} />}
      {data && !isPending && <Button variant="default" onClick={() => mutate()}>{t("trial.again")}</Button>}
    </Drawer>
  );
}

function Verdict({ trial }: { trial: Trial }) {
  const { t } = useTranslation("destinations");
  const format = useFormat();
  return (
    <>
      <div className={css.verdict} data-works={trial.works} role="status">
        <strong>{t(trial.works ? "trial.works" : "trial.fails")}{trial.duration_ms > 0 ? ` · ${format.duration(trial.duration_ms)}` : ""}</strong>
        {inWords(trial.said, trial.sentence)}
      </div>
      <p className={css.text}>{t("trial.text")}</p>
      {trial.exchanges.map((each, at) => (
        <div key={at} className={css.exchange}>
          <h3>{t("trial.sent")}</h3>
          <Snippet code={each.sent} label={t("trial.sent")} />
          <h3>{t("trial.received")}</h3>
          <Snippet code={each.received === trial.sentence ? inWords(trial.said, trial.sentence) : each.received} label={t("trial.received")} />
        </div>
      ))}
    </>
  );
}
