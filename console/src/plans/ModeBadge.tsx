import { useTranslation } from "react-i18next";
import type { PlanMode } from "../shared/api";
import css from "./ModeBadge.module.css";

/** What follows when an event does not keep to the plan. */
export function ModeBadge({ mode, quiet = false }: { mode: PlanMode; quiet?: boolean }) {
  const { t } = useTranslation("plans");
  return <span className={css.badge} data-mode={quiet ? undefined : mode} title={t(`mode_means.${mode}`)}>{t(`mode.${mode}`)}</span>;
}
