import { useTranslation } from "react-i18next";
import type { PlanChangeLine } from "../shared/api";
import css from "./ChangeList.module.css";

const KINDS = ["mode_changed", "unknown_changed", "sources_changed", "event_added", "event_removed", "field_added", "field_removed", "type_changed", "now_required", "now_optional", "values_changed", "format_changed", "rules_changed", "personal_changed"] as const;
const MARKS = { event_added: "+", field_added: "+", event_removed: "−", field_removed: "−" } as const;

/** What is different, a line each, in the reader's language. */
export function ChangeList({ changes }: { changes: readonly PlanChangeLine[] }) {
  const { t } = useTranslation("plans");
  return (
    <ul className={css.changes}>
      {changes.map((change, place) => {
        const kind = KINDS.find((each) => each === change.kind);
        const sign = MARKS[change.kind as keyof typeof MARKS] ?? "·";
        return (
          <li key={place} data-sign={sign}>
            <span aria-hidden>{sign}</span>
            <span>{kind ? t(`change.${kind}`, { subject: change.event || t("change.plan"), pointer: change.pointer, before: change.before, after: change.after }) : change.sentence}</span>
          </li>
        );
      })}
    </ul>
  );
}
