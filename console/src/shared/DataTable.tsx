import { ActionIcon, Menu } from "@mantine/core";
import { useViewportSize } from "@mantine/hooks";
import { IconChevronDown, IconChevronUp, IconCopy, IconDots, IconFileSpreadsheet } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type ReactNode, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import css from "./DataTable.module.css";
import { useFormat } from "./format";
import { tell } from "./toast";
import { saveFile, type Sort, sortRows, type TableColumn, toCsv, toTabs } from "./table";

export type { Sort, TableColumn } from "./table";

export interface DataTableProps<Row> {
  /** What the table holds, for readers who cannot see it and as the file's name. */
  label: string;
  columns: readonly TableColumn<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  /** Opens a row: by click or by Enter. */
  onOpen?: (row: Row) => void;
  openKey?: string | null;
  sort?: Sort | null;
  onSort?: (sort: Sort) => void;
  empty?: ReactNode;
  /** Under the last row: "show more", a count. */
  foot?: ReactNode;
  /** The list scrolls inside this height; left out, the page scrolls and the head sticks to it. */
  height?: number | string;
  rowHeight?: number;
  tools?: boolean;
}

const ROWS_DRAWN_AT_ONCE = 120;

/** Rows of facts: sorted, resized, walked by keyboard, copied, saved. */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { label, columns, rows, rowKey, onOpen, openKey, empty, foot, height, rowHeight = 36, tools = true } = props;
  const { t, i18n } = useTranslation("shared");
  const [ownSort, setOwnSort] = useState<Sort | null>(props.sort ?? null);
  const sort = props.onSort ? (props.sort ?? null) : ownSort;
  const { width: pageWidth } = useViewportSize();
  const shown = useMemo(
    () => columns.filter((column) => !column.hideBelow || pageWidth === 0 || pageWidth >= column.hideBelow),
    [columns, pageWidth],
  );
  const sorted = useMemo(() => sortRows(rows, columns, sort, i18n.language), [rows, columns, sort, i18n.language]);
  const [widths, setWidths] = useState<Record<string, number>>({});
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = height !== undefined && sorted.length > ROWS_DRAWN_AT_ONCE;
  const virtualizer = useVirtualizer({
    count: virtual ? sorted.length : 0,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  });

  const sortBy = (column: TableColumn<Row>) => {
    const down = sort?.key === column.key ? !sort.down : column.align === "end";
    const next = { key: column.key, down };
    if (props.onSort) props.onSort(next);
    else setOwnSort(next);
  };
  const template = shown
    .map((column) => (widths[column.key] ? `${widths[column.key]}px` : `minmax(${column.width ?? 96}px, ${column.width ?? 120}fr)`))
    .join(" ");
  const drawn = virtual ? virtualizer.getVirtualItems().map((item) => ({ index: item.index, top: item.start })) : sorted.map((_, index) => ({ index, top: null }));

  if (rows.length === 0 && empty) return <>{empty}</>;
  return (
    <div className={css.frame}>
      <div ref={scroller} className={css.scroller} data-with-page={(height === undefined && Object.keys(widths).length === 0) || undefined} style={height === undefined ? undefined : { maxHeight: height, overflowY: "auto" }}>
        <div
          role="table"
          aria-label={label}
          aria-rowcount={sorted.length + 1}
          className={css.table}
          style={{ ["--columns" as string]: template, ["--row" as string]: `${rowHeight}px` }}
          onKeyDown={(event) => walk(event, onOpen !== undefined)}
        >
          <div role="rowgroup" className={css.head}>
            <div role="row" className={css.row}>
              {shown.map((column) => (
                <HeadCell key={column.key} column={column} sort={sort} onSort={sortBy} onResize={(width) => setWidths((all) => ({ ...all, [column.key]: width }))} />
              ))}
            </div>
          </div>
          <div role="rowgroup" className={css.body} style={virtual ? { height: virtualizer.getTotalSize() } : undefined}>
            {drawn.map(({ index, top }) => {
              const row = sorted[index] as Row; // index comes from the rows themselves
              const key = rowKey(row);
              return (
                <div
                  key={key}
                  role="row"
                  aria-rowindex={index + 2}
                  className={css.row}
                  data-index={index}
                  data-open={openKey === key || undefined}
                  data-opens={onOpen ? true : undefined}
                  tabIndex={onOpen ? (index === 0 ? 0 : -1) : undefined}
                  style={top === null ? undefined : { position: "absolute", insetInline: 0, transform: `translateY(${top}px)` }}
                  onClick={onOpen && (() => !window.getSelection()?.toString() && onOpen(row))}
                  onKeyDown={onOpen && ((event) => openByKey(event, () => onOpen(row), () => copy(toTabs(columns, [row]))))}
                >
                  {shown.map((column) => (
                    <div key={column.key} role="cell" className={css.cell} data-align={column.align}>
                      {column.cell ? column.cell(row) : <Plain value={column.value(row)} />}
                    </div>
                  ))}
                </div>
              );
            })}
          </div>
        </div>
      </div>
      <div className={css.foot}>
        <div className={css.footWords}>{foot ?? <span className={css.count}>{t("table.rows", { count: sorted.length })}</span>}</div>
        {tools && (
          <Menu>
            <Menu.Target>
              <ActionIcon aria-label={t("table.tools")} size={28}>
                <IconDots size={16} stroke={1.5} />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item leftSection={<IconCopy size={16} stroke={1.5} />} onClick={() => copy(toTabs(columns, sorted), () => tell(t("table.copied", { count: sorted.length })))}>
                {t("table.copy")}
              </Menu.Item>
              <Menu.Item leftSection={<IconFileSpreadsheet size={16} stroke={1.5} />} onClick={() => saveFile(`${label}.csv`, `\uFEFF${toCsv(columns, sorted)}`, "text/csv;charset=utf-8")}>
                {t("table.csv")}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        )}
      </div>
    </div>
  );
}

function Plain({ value }: { value: ReturnType<TableColumn<never>["value"]> }) {
  const format = useFormat();
  if (value === null || value === undefined || value === "") return <span className={css.nothing}>–</span>;
  return <span className={css.text}>{typeof value === "number" ? format.number(value) : String(value)}</span>;
}

interface HeadCellProps<Row> {
  column: TableColumn<Row>;
  sort: Sort | null;
  onSort: (column: TableColumn<Row>) => void;
  onResize: (width: number) => void;
}

function HeadCell<Row>({ column, sort, onSort, onResize }: HeadCellProps<Row>) {
  const { t } = useTranslation("shared");
  const cell = useRef<HTMLDivElement>(null);
  const active = sort?.key === column.key;
  const sortable = column.sortable ?? true;
  const pull = (event: React.PointerEvent) => {
    const from = event.clientX;
    const width = cell.current?.offsetWidth ?? 100;
    event.currentTarget.setPointerCapture(event.pointerId);
    const move = (at: PointerEvent) => onResize(Math.max(48, width + at.clientX - from));
    const stop = () => {
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", stop);
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", stop);
  };
  const nudge = (event: KeyboardEvent) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    event.preventDefault();
    event.stopPropagation();
    onResize(Math.max(48, (cell.current?.offsetWidth ?? 100) + (event.key === "ArrowRight" ? 16 : -16)));
  };
  const Arrow = sort?.down ? IconChevronDown : IconChevronUp;
  return (
    <div ref={cell} role="columnheader" aria-sort={active ? (sort.down ? "descending" : "ascending") : undefined} className={css.cell} data-align={column.align}>
      {sortable ? (
        <button type="button" className={css.sort} onClick={() => onSort(column)}>
          <span className={css.text}>{column.title}</span>
          {active && <Arrow size={14} stroke={1.5} aria-label={sort.down ? t("table.sorted_down") : t("table.sorted_up")} />}
        </button>
      ) : (
        <span className={css.text}>{column.title}</span>
      )}
      <span role="separator" aria-orientation="vertical" aria-label={t("table.resize", { column: column.title })} aria-valuenow={cell.current?.offsetWidth ?? 100} tabIndex={0} className={css.handle} onPointerDown={pull} onKeyDown={nudge} />
    </div>
  );
}

function copy(words: string, then?: () => void): void {
  void navigator.clipboard.writeText(words).then(then);
}

function openByKey(event: KeyboardEvent, open: () => void, copyRow: () => void): void {
  if (event.target !== event.currentTarget) return;
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    open();
  } else if (event.key === "c" && !event.metaKey && !event.ctrlKey) copyRow();
}

/** Arrows, Home and End move between rows. */
function walk(event: KeyboardEvent<HTMLDivElement>, rowsOpen: boolean): void {
  if (!rowsOpen || !["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key)) return;
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-index]")];
  const at = rows.findIndex((row) => row === document.activeElement);
  if (at < 0) return;
  event.preventDefault();
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key] ?? at;
  rows[Math.max(0, Math.min(rows.length - 1, to))]?.focus();
}
