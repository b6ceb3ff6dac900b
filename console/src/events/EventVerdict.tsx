import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { EventDetail } from "../shared/api";
import { violationWords } from "../plans/words";
import css from "./EventVerdict.module.css";

/** What the tracking plan says of an event, and which of its fields are personal. */
export function EventVerdict({ detail }: { detail: EventDetail }) {
  const { t } = useTranslation("events");
  const plans = useTranslation("plans").t;
  const { verdict, personal } = detail;
  if (!verdict && personal.length === 0) return null;
  return (
    <section className={css.verdict} data-mode={verdict?.mode}>
      {verdict && (
        <>
          <p>
            {t("verdict.broken")} <Link to="/plans/$planId" params={{ planId: verdict.plan_id }}>{t("verdict.plan", { name: verdict.plan_name, version: verdict.version })}</Link>
          </p>
          <ul>
            {verdict.violations.map((each) => (
              <li key={`${each.pointer}${each.kind}`}>{each.pointer && <code>{each.pointer}</code>} {violationWords(plans, each)}</li>
            ))}
          </ul>
        </>
      )}
      {personal.length > 0 && (
        <p className={css.personal}>
          {t("verdict.personal")} {personal.map((each) => <code key={each.pointer} title={plans(`personal.${each.action as "keep"}`)}>{each.pointer}</code>)}
        </p>
      )}
    </section>
  );
}
