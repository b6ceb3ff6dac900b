import { Popover, UnstyledButton } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormat, type Moment } from "./format";
import css from "./Figure.module.css";

export interface FigureProps {
  label: string;
  /** Already formatted: "12,345", "3.4 %". */
  value: ReactNode;
  unit?: string;
  /** A line under the number: a comparison, a share. */
  note?: ReactNode;
  tone?: "plain" | "good" | "watch" | "bad";
  /** A sparkline or bar. */
  picture?: ReactNode;
  /** What is counted, in plain words. */
  definition: string;
  /** When the number was true. */
  at?: Moment;
  /** The interval of an estimate, already formatted: "3.1–3.7 %". */
  interval?: string;
  /** Where the number comes from: a route or a query, to be copied. */
  query?: string;
  /** The way to what is behind the number: a link to customers, events … */
  behind?: ReactNode;
  size?: "large" | "medium";
}

/** A number that can be opened: what is counted, when it was true, how sure it is, and who is behind it. */
export function Figure(props: FigureProps) {
  const { label, value, unit, note, tone = "plain", picture, size = "large" } = props;
  const [opened, setOpened] = useState(false);
  return (
    <Popover opened={opened} onChange={setOpened} width={300} position="bottom-start" trapFocus returnFocus withinPortal>
      <Popover.Target>
        <UnstyledButton className={css.figure} data-tone={tone} data-size={size} onClick={() => setOpened(!opened)}>
          <span className={css.label}>{label}</span>
          <span className={css.line}>
            <span className={css.value}>
              {value}
              {unit && <span className={css.unit}>{unit}</span>}
            </span>
            {picture}
          </span>
          {note && <span className={css.note}>{note}</span>}
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown className={css.opened}>
        <Opened {...props} />
      </Popover.Dropdown>
    </Popover>
  );
}

function Opened({ label, definition, at, interval, query, behind }: FigureProps) {
  const { t } = useTranslation("shared");
  const format = useFormat();
  return (
    <div tabIndex={-1} data-autofocus>
      <p className={css.name}>{label}</p>
      <p className={css.definition}>{definition}</p>
      <dl className={css.facts}>
        {interval && (
          <>
            <dt>{t("figure.interval")}</dt>
            <dd>{interval}</dd>
          </>
        )}
        {at !== undefined && (
          <>
            <dt>{t("figure.at")}</dt>
            <dd>{format.moment(at)}</dd>
          </>
        )}
        {query && (
          <>
            <dt>{t("figure.from")}</dt>
            <dd>
              <code>{query}</code>
            </dd>
          </>
        )}
      </dl>
      {behind && <div className={css.behind}>{behind}</div>}
    </div>
  );
}

/** Figures side by side in a band, hairlines between. */
export function Figures({ children }: { children: ReactNode }) {
  return <div className={css.band}>{children}</div>;
}
