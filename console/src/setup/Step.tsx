import { IconCheck } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import css from "./Step.module.css";

export interface StepProps {
  number: number;
  title: string;
  text: string;
  done: boolean;
  /** An earlier step has to come first. */
  waits?: boolean;
  /** Keeps showing its content when done. */
  stays?: boolean;
  /** What came of it, beside the title. */
  result?: string | undefined;
  children: ReactNode;
}

/** A step that finishes itself. */
export function Step({ number, title, text, done, waits = false, stays = false, result, children }: StepProps) {
  const { t } = useTranslation("setup");
  const state = done ? "done" : waits ? "waits" : "now";
  return (
    <li className={css.step} data-state={state}>
      <div className={css.side}>
        <span className={css.number} aria-hidden>{done ? <IconCheck size={16} stroke={2} /> : number}</span>
      </div>
      <div className={css.body}>
        <h2 className={css.title}>
          {title}
          {done && result && <span className={css.result}>{result}</span>}
          <span className="visually-hidden">{t(`step.${state}`)}</span>
        </h2>
        {!done && <p className={css.text}>{text}</p>}
        {!waits && (!done || stays) && <div className={css.content}>{children}</div>}
      </div>
    </li>
  );
}
