import { useTranslation } from "react-i18next";
import type { Outcome } from "../shared/api";
import css from "./OutcomeBadge.module.css";

/** What became of a fact: a word and a shape, never a colour alone. */
export function OutcomeBadge({ outcome }: { outcome: Outcome }) {
  const { t } = useTranslation("events");
  return (
    <span className={css.badge} data-outcome={outcome}>
      <span className={css.mark} aria-hidden />
      {t(`outcome.${outcome}`)}
    </span>
  );
}
