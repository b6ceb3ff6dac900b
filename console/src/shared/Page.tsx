import { type ReactNode, useEffect } from "react";
import { createPortal } from "react-dom";
import { LiveDot } from "./LiveDot";
import type { LiveStatus } from "./live";
import css from "./Page.module.css";
import { useHeadSlot } from "./head-slot";

export interface PageProps {
  /** The noun, as the rail says it; also the browser's title. */
  title: string;
  /** The one question this page answers, in plain words. */
  question?: string;
  live?: LiveStatus;
  /** Time range, comparison, the page's one action. */
  tools?: ReactNode;
  /** Pages that are lists keep the full width; pages that are read stay narrow. */
  width?: "full" | "read";
  children?: ReactNode;
}

/** The frame of every page: its question in the header, the answer below. */
export function Page({ title, question, live, tools, width = "full", children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Regulars`;
  }, [title]);
  const slot = useHeadSlot();
  const head = (
    <div className={css.head} data-slot={slot ? true : undefined}>
      <div className={css.words}>
        <h1 className={css.title}>{title}</h1>
        {question && <p className={css.question}>{question}</p>}
        {live && <LiveDot status={live} />}
      </div>
      {tools && <div className={css.tools}>{tools}</div>}
    </div>
  );
  return (
    <div className={css.page} data-width={width}>
      {slot ? createPortal(head, slot) : head}
      {children}
    </div>
  );
}

export interface SectionProps {
  title?: ReactNode;
  hint?: ReactNode;
  tools?: ReactNode;
  /** A sheet of paper with a border, or bare on the page. */
  bare?: boolean;
  /** Tables and pictures run to the edge. */
  flush?: boolean;
  children: ReactNode;
}

/** One part of a page, with a heading of its own. */
export function Section({ title, hint, tools, bare = false, flush = false, children }: SectionProps) {
  return (
    <section className={css.section} data-bare={bare || undefined} data-flush={flush || undefined}>
      {(title || tools) && (
        <div className={css.sectionHead}>
          <div>
            {title && <h2 className={css.sectionTitle}>{title}</h2>}
            {hint && <p className={css.hint}>{hint}</p>}
          </div>
          {tools && <div className={css.tools}>{tools}</div>}
        </div>
      )}
      {children}
    </section>
  );
}
