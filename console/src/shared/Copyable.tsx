import { ActionIcon, Tooltip } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import css from "./Copyable.module.css";

export function CopyButton({ text, label }: { text: string; label?: string }) {
  const { t } = useTranslation("shared");
  const clipboard = useClipboard({ timeout: 1500 });
  const words = clipboard.copied ? t("copied") : (label ?? t("copy"));
  return (
    <Tooltip label={words}>
      <ActionIcon aria-label={words} onClick={() => clipboard.copy(text)}>
        {clipboard.copied ? <IconCheck size={16} stroke={1.5} color="var(--good)" /> : <IconCopy size={16} stroke={1.5} />}
      </ActionIcon>
    </Tooltip>
  );
}

/** A short value to carry away: a key, an identifier. */
export function CopyText({ text, shown }: { text: string; shown?: string }) {
  return (
    <span className={css.inline}>
      <code>{shown ?? text}</code>
      <CopyButton text={text} />
    </span>
  );
}

/** Lines of code, ready to paste. */
export function Snippet({ code, label }: { code: string; label: string }) {
  return (
    <div className={css.snippet}>
      <pre tabIndex={0} aria-label={label}>
        <code>{code}</code>
      </pre>
      <div className={css.copy}>
        <CopyButton text={code} />
      </div>
    </div>
  );
}
