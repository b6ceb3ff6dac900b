import { Modal } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useStandingShortcuts } from "../shared/shortcuts";
import css from "./ShortcutsHelp.module.css";

const apple = /Mac|iPhone|iPad/.test(navigator.userAgent);
const shown = (stroke: string): string =>
  stroke.replace("mod+", apple ? "⌘ " : "Ctrl ").replace("Enter", "↵").replace(/\b([a-z])$/, (letter) => letter.toUpperCase());

export function ShortcutsHelp({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation("app");
  const shortcuts = useStandingShortcuts();
  const byWords = new Map<string, string[]>();
  for (const { words, keys } of shortcuts) byWords.set(words, [...(byWords.get(words) ?? []), keys]);
  const inTables: [string, string[]][] = [
    [t("keys.rows"), ["↑", "↓"]],
    [t("keys.open_row"), ["Enter"]],
    [t("keys.copy_row"), ["c"]],
    [t("keys.close"), ["Esc"]],
  ];
  return (
    <Modal opened={opened} onClose={onClose} title={t("keys.help")} size="md" closeButtonProps={{ "aria-label": t("keys.close") }}>
      <dl className={css.list}>
        {[...byWords, ...inTables].map(([words, keys]) => (
          <div key={words} className={css.line}>
            <dt>{words}</dt>
            <dd>
              {keys.map((each, index) => (
                <span key={each}>
                  {index > 0 && <span className={css.or}>·</span>}
                  {each.split(" ").map((stroke) => <kbd key={stroke}>{shown(stroke)}</kbd>)}
                </span>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
