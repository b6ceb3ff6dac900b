import { SegmentedControl, Switch, Tabs } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Snippet } from "../shared/Copyable";
import { FAMILIES, FAMILY_NAMES, type Family, familyOf, type Option, placeName, sameIn, type Stack, snippet, stackFor, stackName } from "./snippets";
import css from "./StackTabs.module.css";

const families = Object.keys(FAMILIES) as Family[];
const SWITCHES = ["gate"] as const satisfies readonly Option[];

export function StackTabs({ writeKey, kind }: { writeKey: string; kind: string }) {
  const { t } = useTranslation("sources");
  const [stack, setStack] = useState<Stack>(stackFor(kind));
  const [chosen, setChosen] = useState<readonly Option[]>([]);
  const family = familyOf(stack);
  const stacks: readonly Stack[] = FAMILIES[family];
  const options = SWITCHES.filter((each) => chosen.includes(each));
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
            size="xs" mb={8} aria-label={t("runs_in")} value={stack}
            onChange={(value) => setStack(stacks.find((each) => each === value) ?? stack)}
            data={stacks.map((each) => ({ value: each, label: placeName(each) }))}
          />
        )}
        {family === "regulars" && (
          <div className={css.switches}>
            {SWITCHES.map((each) => (
              <Switch
                key={each} size="xs" label={t(`option.${each}`)} description={t(`option_text.${each}`)} checked={chosen.includes(each)}
                onChange={(event) => setChosen(event.currentTarget.checked ? [...chosen, each] : chosen.filter((other) => other !== each))}
              />
            ))}
          </div>
        )}
        <Snippet code={snippet(stack, writeKey, window.location.origin, options)} label={t("snippet_for", { stack: stackName(stack) })} />
        <p className={css.note}>{t(`stack.${stack}`)}</p>
      </Tabs.Panel>
    </Tabs>
  );
}
