import { Button, SegmentedControl } from "@mantine/core";
import { IconRotate } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Trans, useTranslation } from "react-i18next";
import { useMay } from "../session/session";
import { post, remove, type Source } from "../shared/api";
import { ConfirmTyped } from "../shared/ConfirmTyped";
import { useFormat } from "../shared/format";
import { TimeAgo } from "../shared/TimeAgo";
import { tell, tellProblem } from "../shared/toast";
import css from "./KeyChange.module.css";
import { GRACES, type Grace, kept, sourcesQuery } from "./sources";

/** A new write key, and how long the one before it goes on opening. */
export function KeyChange({ source }: { source: Source }) {
  const { t } = useTranslation("sources");
  const [asking, setAsking] = useState(false);
  if (!useMay("admin")) return null;
  if (asking) return <ChooseGrace source={source} onDone={() => setAsking(false)} />;
  return (
    <div>
      <Button variant="default" leftSection={<IconRotate size={16} stroke={1.5} />} onClick={() => setAsking(true)}>{t("detail.rotate")}</Button>
    </div>
  );
}

function ChooseGrace({ source, onDone }: { source: Source; onDone: () => void }) {
  const { t } = useTranslation("sources");
  const queryClient = useQueryClient();
  const [grace, setGrace] = useState<Grace>("7");
  const rotate = useMutation({
    mutationFn: () => post<Source>(`/v1/sources/${source.source_id}/rotate`, { grace_days: Number(grace) }),
    onSuccess: (next) => { queryClient.setQueryData(sourcesQuery.queryKey, kept(next)); tell(t("detail.rotated", { name: next.name })); onDone(); },
    onError: tellProblem,
  });
  return (
    <div className={css.choice}>
      <p className={css.question}>{t("rotate.question")}</p>
      <SegmentedControl
        fullWidth aria-label={t("rotate.question")} value={grace}
        onChange={(value) => setGrace(GRACES.find((each) => each === value) ?? grace)}
        data={GRACES.map((each) => ({ value: each, label: t(`rotate.for.${each}`) }))}
      />
      {grace === "0" ? (
        <ConfirmTyped
          text={t("rotate.now", { count: source.events_24h })}
          word={source.name}
          label={t("detail.type_name", { name: source.name })}
          button={t("detail.rotate")}
          busy={rotate.isPending}
          onConfirm={() => rotate.mutate()}
          onCancel={onDone}
        />
      ) : (
        <>
          <p className={css.text}>{t("rotate.later", { count: source.events_24h })}</p>
          <div className={css.buttons}>
            <Button loading={rotate.isPending} onClick={() => rotate.mutate()}>{t("detail.rotate")}</Button>
            <Button variant="default" onClick={onDone}>{t("rotate.cancel")}</Button>
          </div>
        </>
      )}
    </div>
  );
}

/** Until when a replaced key still opens, and how much still comes with it. */
export function OldKeys({ source }: { source: Source }) {
  const { t } = useTranslation("sources");
  const format = useFormat();
  const may = useMay("admin");
  const queryClient = useQueryClient();
  const [asking, setAsking] = useState(false);
  const end = useMutation({
    mutationFn: () => remove<Source>(`/v1/sources/${source.source_id}/old-keys`),
    onSuccess: (next) => { queryClient.setQueryData(sourcesQuery.queryKey, kept(next)); tell(t("old.ended", { name: next.name })); },
    onError: tellProblem,
  });
  const old = source.old_keys;
  if (!old) return null;
  return (
    <div className={css.old} data-busy={old.events_24h > 0}>
      {old.keys.map((each) => (
        <p key={each.write_key}>
          <Trans t={t} i18nKey="old.until" values={{ key: `${each.write_key.slice(0, 10)}…`, until: format.moment(each.until) }} components={{ code: <code /> }} />
        </p>
      ))}
      <p className={css.text}>
        {old.events_24h > 0 && old.last_event_at ? (
          <Trans t={t} i18nKey="old.comes" count={old.events_24h} values={{ number: format.number(old.events_24h) }} components={{ ago: <TimeAgo at={old.last_event_at} /> }} />
        ) : (
          t("old.silent")
        )}
      </p>
      {may && !asking && (
        <div>
          <Button variant="default" size="compact-sm" onClick={() => setAsking(true)}>{t("old.end")}</Button>
        </div>
      )}
      {may && asking && (
        <ConfirmTyped
          text={t("old.end_text", { count: old.events_24h })}
          word={source.name}
          label={t("detail.type_name", { name: source.name })}
          button={t("old.end")}
          busy={end.isPending}
          onConfirm={() => end.mutate()}
          onCancel={() => setAsking(false)}
        />
      )}
    </div>
  );
}
