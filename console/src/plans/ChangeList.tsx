import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { PlanChangeLine } from "../shared/api";
import { sourcesQuery } from "../sources/sources";
import css from "./ChangeList.module.css";
import { changeWords } from "./words";

const MARKS = { event_added: "+", field_added: "+", event_removed: "−", field_removed: "−" } as const;

/** What is different, a line each, in the reader's language. */
export function ChangeList({ changes }: { changes: readonly PlanChangeLine[] }) {
  const { t } = useTranslation("plans");
  const known = useQuery(sourcesQuery).data ?? [];
  const nameOf = (source_id: string) => known.find((each) => each.source_id === source_id)?.name ?? source_id;
  return (
    <ul className={css.changes}>
      {changes.map((change, place) => {
        const sign = MARKS[change.kind as keyof typeof MARKS] ?? "·";
        return (
          <li key={place} data-sign={sign}>
            <span aria-hidden>{sign}</span>
            <span>{changeWords(t, change, nameOf)}</span>
          </li>
        );
      })}
    </ul>
  );
}
