import { IconAlertTriangle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useFormat } from "../shared";
import type { Today } from "../shared/api";
import css from "./Troubles.module.css";

/** What is wrong with the shop just now, each with what it means and the way out; nothing at all while all is well. */
export function Troubles({ troubles }: { troubles: Today["troubles"] }) {
  const { t } = useTranslation("today");
  const format = useFormat();
  if (troubles.length === 0) return null;
  return (
    <ul className={css.troubles} aria-label={t("trouble.title")}>
      {troubles.map((trouble) => {
        const figures = {
          free: format.bytes(trouble.free_bytes ?? 0),
          needed: format.bytes(trouble.needed_bytes ?? 0),
          records: format.number(trouble.records ?? 0),
          wait: format.duration((trouble.seconds ?? 0) * 1000),
          consumer: trouble.consumer ?? "",
        };
        return (
          <li key={`${trouble.code} ${trouble.partition} ${trouble.consumer}`} className={css.trouble} data-state={trouble.state} role={trouble.state === "bad" ? "alert" : "status"}>
            <IconAlertTriangle size={18} stroke={1.5} aria-hidden />
            <div>
              <p className={css.name}>{t(`trouble.${trouble.code}.title`)}</p>
              <p>{t(`trouble.${trouble.code}.text`, figures)}</p>
              <p className={css.out}>{t(`trouble.${trouble.code}.way_out`, figures)}</p>
            </div>
          </li>
        );
      })}
    </ul>
  );
}
