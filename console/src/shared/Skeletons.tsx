import { Skeleton } from "@mantine/core";
import { useTranslation } from "react-i18next";
import css from "./Skeletons.module.css";

function Waiting({ children }: { children: React.ReactNode }) {
  const { t } = useTranslation("shared");
  return (
    <div role="status" aria-busy>
      <span className="visually-hidden">{t("loading")}</span>
      <div aria-hidden>{children}</div>
    </div>
  );
}

/** Rows of a table to come. */
export function TableSkeleton({ rows = 8, columns = 5 }: { rows?: number; columns?: number }) {
  return (
    <Waiting>
      {Array.from({ length: rows }, (_, row) => (
        <div className={css.row} key={row} style={{ gridTemplateColumns: `2fr repeat(${columns - 1}, 1fr)` }}>
          {Array.from({ length: columns }, (_, column) => (
            <Skeleton key={column} height={10} width={`${55 + ((row * 7 + column * 13) % 40)}%`} radius="sm" />
          ))}
        </div>
      ))}
    </Waiting>
  );
}

/** Figures in a band. */
export function FiguresSkeleton({ count = 4 }: { count?: number }) {
  return (
    <Waiting>
      <div className={css.figures}>
        {Array.from({ length: count }, (_, each) => (
          <div key={each}>
            <Skeleton height={10} width={72} mb={10} />
            <Skeleton height={22} width={96} />
          </div>
        ))}
      </div>
    </Waiting>
  );
}

/** A picture to come, in its own height. */
export function ChartSkeleton({ height = 220 }: { height?: number }) {
  return (
    <Waiting>
      <Skeleton height={height} radius="sm" />
    </Waiting>
  );
}

/** Lines of text. */
export function TextSkeleton({ lines = 3 }: { lines?: number }) {
  return (
    <Waiting>
      {Array.from({ length: lines }, (_, line) => (
        <Skeleton key={line} height={10} mb={12} width={`${92 - ((line * 17) % 40)}%`} />
      ))}
    </Waiting>
  );
}
