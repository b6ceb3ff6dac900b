import { UnstyledButton } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Drawer, ErrorState, tell, TextSkeleton } from "../shared";
import { type DestinationMade, post } from "../shared/api";
import { type Draft, draftOf, Editor } from "./Editor";
import { iconOf } from "./kinds";
import css from "./Maker.module.css";
import { type Preset, presetsOf } from "./presets";
import { ALL, kindsQuery } from "./queries";
import { SecretOnce } from "./SecretOnce";
import { useWords } from "./words";

/** A new destination: choose what leaves, say where to, take the secret along. */
export function Maker({ preset: key, onChoose, onClose }: { preset: string; onChoose: (key: string) => void; onClose: () => void }) {
  const { t } = useTranslation("destinations");
  const words = useWords();
  const client = useQueryClient();
  const navigate = useNavigate();
  const kinds = useQuery(kindsQuery);
  const [made, setMade] = useState<DestinationMade | null>(null);
  const presets = presetsOf(kinds.data ?? []);
  const preset = presets.find((each) => each.key === key);
  const kind = kinds.data?.find((each) => each.name === preset?.kind);
  const open = (id: string) => void navigate({ to: "/destinations/$destinationId", params: { destinationId: id } });
  const make = async (draft: Draft) => {
    const answer = await post<DestinationMade>("/v1/destinations", { kind: preset?.kind, ...draft });
    void client.invalidateQueries(ALL);
    tell(t("form.made", { name: answer.destination.name }));
    if (answer.signing_secret) setMade(answer);
    else open(answer.destination.destination_id);
  };
  return (
    <Drawer title={made ? made.destination.name : preset ? words.preset(preset.key) : t("new")} subtitle={made ? undefined : preset ? words.presetText(preset.key) : t("form.choose")} onClose={made ? () => open(made.destination.destination_id) : onClose} width={600}>
      {kinds.isPending && <TextSkeleton lines={6} />}
      {kinds.error && <ErrorState size="small" error={kinds.error} retry={() => void kinds.refetch()} />}
      {made?.signing_secret && <SecretOnce secret={made.signing_secret} onDone={() => open(made.destination.destination_id)} />}
      {!made && kinds.data && !preset && <Cards presets={presets} onChoose={onChoose} />}
      {!made && preset && kind && <Editor key={preset.key} kind={kind} draft={draftOf(preset)} label={t("form.make")} save={make} onBack={() => onChoose("new")} />}
    </Drawer>
  );
}

function Cards({ presets, onChoose }: { presets: readonly Preset[]; onChoose: (key: string) => void }) {
  const words = useWords();
  return (
    <div className={css.cards}>
      {presets.map((each) => {
        const Icon = iconOf(each.key);
        return (
          <UnstyledButton key={each.key} className={css.card} onClick={() => onChoose(each.key)}>
            <Icon size={20} stroke={1.5} aria-hidden />
            <div><strong>{words.preset(each.key)}</strong><span>{words.presetText(each.key)}</span></div>
          </UnstyledButton>
        );
      })}
    </div>
  );
}
