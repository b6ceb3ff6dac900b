import { Tabs } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Snippet } from "../shared/Copyable";
import { type Stack, STACK_NAMES, STACKS, snippet, stackFor } from "./snippets";
import css from "./StackTabs.module.css";

export function StackTabs({ writeKey, kind }: { writeKey: string; kind: string }) {
  const { t } = useTranslation("sources");
  const [stack, setStack] = useState<Stack>(stackFor(kind));
  return (
    <Tabs value={stack} onChange={(value) => setStack(STACKS.find((each) => each === value) ?? stack)} variant="default" keepMounted={false}>
      <Tabs.List className={css.list}>
        {STACKS.map((each) => (
          <Tabs.Tab key={each} value={each}>{STACK_NAMES[each]}</Tabs.Tab>
        ))}
      </Tabs.List>
      {STACKS.map((each) => (
        <Tabs.Panel key={each} value={each} pt={12}>
          <Snippet code={snippet(each, writeKey, window.location.origin)} label={t("snippet_for", { stack: STACK_NAMES[each] })} />
          <p className={css.note}>{t(`stack.${each}`)}</p>
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}
