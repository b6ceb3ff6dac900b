import type { ReactNode } from "react";
import { LanguageSwitch, ThemeSwitch } from "../app/Header";
import css from "./DoorPage.module.css";
import { Mark } from "./Mark";

/** A page in front of the counter: signing in, opening a shop. One sheet, nothing else. */
export function DoorPage({ title, text, children, foot }: { title: string; text?: ReactNode; children: ReactNode; foot?: ReactNode }) {
  return (
    <div className={css.door}>
      <div className={css.switches}>
        <ThemeSwitch />
        <LanguageSwitch />
      </div>
      <main className={css.sheet}>
        <Mark size={40} />
        <h1 className={css.title}>{title}</h1>
        {text && <p className={css.text}>{text}</p>}
        {children}
      </main>
      {foot && <footer className={css.foot}>{foot}</footer>}
    </div>
  );
}
