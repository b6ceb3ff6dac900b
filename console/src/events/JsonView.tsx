import { useTranslation } from "react-i18next";
import { CopyButton } from "../shared";
import { linesOf } from "./changes";
import css from "./EventDrawer.module.css";

/** What was sent, as a value where it is JSON and as the bare text where it is not. */
export function parsed(raw: string): unknown {
  try {
    return JSON.parse(raw) as unknown;
  } catch {
    return raw;
  }
}

interface JsonViewProps {
  title: string;
  hint?: string;
  value: unknown;
  /** What is copied, when that is not the value written out. */
  text?: string;
  marked?: ReadonlySet<string>;
}

const NOTHING: ReadonlySet<string> = new Set();

/** A value as lines that can be read, the changed ones marked. */
export function JsonView({ title, hint, value, text = JSON.stringify(value, null, 2), marked = NOTHING }: JsonViewProps) {
  const { t } = useTranslation("events");
  const nothing = value === null || value === undefined || value === "";
  return (
    <section className={css.side}>
      <header className={css.sideHead}>
        <div>
          <h3>{title}</h3>
          {hint && <p>{hint}</p>}
        </div>
        {!nothing && <CopyButton text={text} />}
      </header>
      <pre className={css.json} tabIndex={0} aria-label={title}>
        {nothing ? <span className={css.none}>{t("drawer.empty")}</span> : typeof value === "string" ? <span className={css.bare}>{value}</span> : linesOf(value).map((line, at) => (
          <span key={at} className={css.line} data-marked={(marked.has(line.path) && line.kind !== "bracket") || undefined} style={{ paddingInlineStart: 12 + line.depth * 14 }}>
            {line.name !== null && <span className={css.key}>{line.name}: </span>}
            <span data-kind={line.kind}>{line.text}</span>
          </span>
        ))}
      </pre>
    </section>
  );
}
