import { SegmentedControl, Switch, Tabs } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../session/session";
import { patch, type Source } from "../shared/api";
import { Snippet } from "../shared/Copyable";
import { tellProblem } from "../shared/toast";
import { FAMILIES, FAMILY_NAMES, type Family, familyOf, type Option, placeName, sameIn, type Stack, snippet, stackFor, stackName } from "./snippets";
import css from "./StackTabs.module.css";
import { kept, sourcesQuery } from "./sources";

const families = Object.keys(FAMILIES) as Family[];
const SWITCHES = ["gate", "cookie", "vitals"] as const satisfies readonly Option[];

export function StackTabs({ source }: { source: Source }) {
  const { t } = useTranslation("sources");
  const [stack, setStack] = useState<Stack>(stackFor(source.kind));
  const { options, change, mayChange } = useOptions(source);
  const family = familyOf(stack);
  const stacks: readonly Stack[] = FAMILIES[family];
  return (
    <Tabs value={family} onChange={(value) => setStack(sameIn(families.find((each) => each === value) ?? family, stack))} variant="default" keepMounted={false}>
      <Tabs.List className={css.list}>
        {families.map((each) => (
          <Tabs.Tab key={each} value={each}>{FAMILY_NAMES[each]}</Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value={family} pt={12}>
        {stacks.length > 1 && (
          <SegmentedControl
            size="sm" mb={8} aria-label={t("runs_in")} value={stack}
            onChange={(value) => setStack(stacks.find((each) => each === value) ?? stack)}
            data={stacks.map((each) => ({ value: each, label: each.endsWith("-browser") ? t("browser") : placeName(each) }))}
          />
        )}
        {family === "regulars" && (
          <div className={css.switches}>
            {SWITCHES.map((each) => (
              <Switch
                key={each} size="xs" label={t(`option.${each}`)} description={t(`option_text.${each}`)} checked={options.includes(each)}
                disabled={!mayChange(each)} onChange={(event) => change(each, event.currentTarget.checked)}
              />
            ))}
          </div>
        )}
        <Snippet code={snippet(stack, source.write_key, window.location.origin, options)} label={t("snippet_for", { stack: stackName(stack) })} />
        <p className={css.note}>{t(`stack.${stack}`)}</p>
      </Tabs.Panel>
    </Tabs>
  );
}

/** What the page shall tell our snippet. The cookie is a matter of the source too: the door keeps one only where it may. */
function useOptions(source: Source) {
  const queryClient = useQueryClient();
  const may = useMay("marketer");
  const [chosen, setChosen] = useState<readonly Option[]>([]);
  const keepCookie = useMutation({
    mutationFn: (cookie: boolean) => patch<Source>(`/v1/sources/${source.source_id}`, { cookie }),
    onSuccess: (next) => queryClient.setQueryData(sourcesQuery.queryKey, kept(next)),
    onError: tellProblem,
  });
  const wanted = keepCookie.isPending ? keepCookie.variables : source.cookie;
  return {
    options: SWITCHES.filter((each) => (each === "cookie" ? wanted : chosen.includes(each))),
    mayChange: (option: Option) => option !== "cookie" || (may && !keepCookie.isPending),
    change: (option: Option, on: boolean) => {
      if (option === "cookie") keepCookie.mutate(on);
      else setChosen(on ? [...chosen, option] : chosen.filter((other) => other !== option));
    },
  };
}
