import { ActionIcon, Menu, useComputedColorScheme } from "@mantine/core";
import { useReducedMotion } from "@mantine/hooks";
import { IconDots, IconFileSpreadsheet, IconPhotoDown, IconTable } from "@tabler/icons-react";
import type { EChartsCoreOption, EChartsType } from "echarts/core";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { DataTable } from "../DataTable";
import { ChartSkeleton } from "../Skeletons";
import { saveFile, type TableColumn, toCsv } from "../table";
import css from "./Chart.module.css";

export interface ChartProps<Row> {
  /** The finding or the question, in words; also what a screen reader says. */
  label: string;
  option: EChartsCoreOption;
  height?: number;
  /** The same facts as rows: the accessible alternative, and what CSV saves. */
  columns: readonly TableColumn<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  onClick?: (point: { name: string; seriesName?: string; dataIndex: number; data: unknown }) => void;
  tools?: ReactNode;
}

/** A picture with its numbers: hover shows exact values, the menu (or a right click) saves PNG and CSV or shows the table. */
export function Chart<Row>({ label, option, height = 220, columns, rows, rowKey, onClick, tools }: ChartProps<Row>) {
  const { t } = useTranslation("shared");
  const [asTable, setAsTable] = useState(false);
  const [menu, setMenu] = useState(false);
  const chart = useRef<EChartsType | null>(null);
  const savePicture = () => {
    const url = chart.current?.getDataURL({ type: "png", pixelRatio: 2, backgroundColor: getComputedStyle(document.body).backgroundColor });
    const bytes = url && Uint8Array.from(atob(url.slice(url.indexOf(",") + 1)), (letter) => letter.charCodeAt(0));
    if (bytes) saveFile(`${label}.png`, bytes, "image/png");
  };
  return (
    <figure className={css.chart} aria-label={label}>
      <div className={css.tools}>
        {tools}
        <Menu opened={menu} onChange={setMenu}>
          <Menu.Target>
            <ActionIcon aria-label={t("chart.tools")} size={28}>
              <IconDots size={16} stroke={1.5} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<IconTable size={16} stroke={1.5} />} onClick={() => setAsTable(!asTable)}>
              {asTable ? t("chart.picture") : t("chart.table")}
            </Menu.Item>
            {!asTable && (
              <Menu.Item leftSection={<IconPhotoDown size={16} stroke={1.5} />} onClick={savePicture}>
                {t("chart.png")}
              </Menu.Item>
            )}
            <Menu.Item leftSection={<IconFileSpreadsheet size={16} stroke={1.5} />} onClick={() => saveFile(`${label}.csv`, `\uFEFF${toCsv(columns, rows)}`, "text/csv;charset=utf-8")}>
              {t("chart.csv")}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </div>
      {asTable ? (
        <DataTable label={label} columns={columns} rows={rows} rowKey={rowKey} height={height} />
      ) : (
        <div onContextMenu={(event) => { event.preventDefault(); setMenu(true); }}>
          <Drawing chart={chart} label={label} option={option} height={height} onClick={onClick} />
        </div>
      )}
    </figure>
  );
}

interface DrawingProps {
  chart: React.RefObject<EChartsType | null>;
  label: string;
  option: EChartsCoreOption;
  height: number;
  onClick: ChartProps<never>["onClick"];
}

function Drawing({ chart, label, option, height, onClick }: DrawingProps) {
  const scheme = useComputedColorScheme("light");
  const still = useReducedMotion();
  const place = useRef<HTMLDivElement>(null);
  const [ready, setReady] = useState(false);
  const click = useRef(onClick);
  useEffect(() => {
    click.current = onClick;
  });

  useEffect(() => {
    let gone = false;
    let watcher: ResizeObserver | undefined;
    void import("./echarts").then(({ init }) => {
      if (gone || !place.current) return;
      const made = init(place.current, `regulars-${scheme}`, { renderer: "canvas" });
      made.on("click", (point) => click.current?.(point as Parameters<NonNullable<DrawingProps["onClick"]>>[0])); // ECharts types every event alike
      watcher = new ResizeObserver(() => made.resize());
      watcher.observe(place.current);
      chart.current = made;
      setReady(true);
    });
    return () => {
      gone = true;
      watcher?.disconnect();
      chart.current?.dispose();
      chart.current = null;
      setReady(false);
    };
  }, [scheme, chart]);

  useEffect(() => {
    if (ready) chart.current?.setOption({ animationDuration: 180, animationDurationUpdate: 180, ...option, animation: !still }, { replaceMerge: ["series"] });
  }, [ready, option, still, chart]);

  return (
    <div style={{ position: "relative", height }}>
      {!ready && <ChartSkeleton height={height} />}
      <div ref={place} role="img" aria-label={label} style={{ position: "absolute", inset: 0 }} />
    </div>
  );
}
