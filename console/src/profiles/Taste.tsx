import { SegmentedControl, Tooltip, useComputedColorScheme } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { IconSparkles } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { BarCell, DataTable, EmptyState, paletteOf, Section, seriesColour, type TableColumn, TimeAgo, useFormat } from "../shared";
import type { Affinity } from "../shared/api";
import { skyOf, type Star } from "./constellation";
import css from "./Taste.module.css";

const HEIGHT = 420;
const REDRAW_MS = 60_000; // brightness is a matter of days; a minute is fine enough

/** What they like, as a constellation; the same as a table for those who would rather read. */
export function Taste({ affinities }: { affinities: readonly Affinity[] }) {
  const { t } = useTranslation("profiles");
  const [asTable, setAsTable] = useState(false);
  return (
    <Section
      title={t("taste.title")}
      hint={t("taste.hint")}
      tools={affinities.length > 0 && <SegmentedControl size="xs" aria-label={t("taste.view")} data={[{ value: "sky", label: t("taste.picture") }, { value: "table", label: t("taste.table") }]} value={asTable ? "table" : "sky"} onChange={(value) => setAsTable(value === "table")} />}
    >
      {affinities.length === 0 ? (
        <EmptyState size="small" icon={<IconSparkles size={20} stroke={1.5} />} title={t("taste.none")} text={t("taste.none_text")} />
      ) : asTable ? (
        <TasteTable affinities={affinities} />
      ) : (
        <Constellation affinities={affinities} />
      )}
    </Section>
  );
}

function Constellation({ affinities }: { affinities: readonly Affinity[] }) {
  const { t } = useTranslation("profiles");
  const { ref, width } = useElementSize();
  const scheme = useComputedColorScheme("light");
  const now = Math.floor(Date.now() / REDRAW_MS) * REDRAW_MS;
  const sky = useMemo(() => (width > 0 ? skyOf(affinities, now, width, HEIGHT) : null), [affinities, now, width]);
  const kinds = useMemo(() => [...new Set((sky?.stars ?? []).map((star) => star.kind))], [sky]);
  const colour = (kind: string) => seriesColour(kind, kinds, paletteOf(scheme));
  const byKey = new Map(sky?.stars.map((star) => [star.key, star]));
  return (
    <div>
      <div ref={ref} style={{ height: HEIGHT }}>
        {sky && (
          <svg width={sky.width} height={sky.height} viewBox={`0 0 ${sky.width} ${sky.height}`} className={css.sky} role="group" aria-label={t("taste.title")}>
            {sky.lines.map(([from, to]) => {
              const [a, b] = [byKey.get(from) as Star, byKey.get(to) as Star];
              return <line key={`${from}${to}`} x1={a.x} y1={a.y} x2={b.x} y2={b.y} stroke={colour(a.kind)} className={css.line} />;
            })}
            {sky.stars.map((star) => <StarMark key={star.key} star={star} colour={colour(star.kind)} />)}
          </svg>
        )}
      </div>
      <ul className={css.legend}>
        {kinds.map((kind) => <li key={kind}><span className={css.swatch} style={{ background: colour(kind) }} aria-hidden />{t(`kind.${kind}`, { defaultValue: kind })}</li>)}
        {sky?.stars.some((star) => star.disliked) && <li><span className={css.swatch} data-hollow aria-hidden />{t("taste.disliked")}</li>}
      </ul>
    </div>
  );
}

function StarMark({ star, colour }: { star: Star; colour: string }) {
  const { t } = useTranslation("profiles");
  const format = useFormat();
  const navigate = useNavigate();
  const words = t(star.disliked ? "taste.star_disliked" : "taste.star", { value: star.value, strength: format.decimal(Math.abs(star.strength), 1), ago: format.ago(star.last_at) });
  const open = () => void navigate({ to: "/catalog", search: { tag: `${star.kind}:${star.value}` } });
  return (
    <Tooltip label={words}>
      <g className={css.star} role="link" tabIndex={0} aria-label={words} onClick={open} onKeyDown={(event) => event.key === "Enter" && open()} style={{ transform: `translate(${star.x}px, ${star.y}px)` }}>
        <circle r={Math.max(22, star.radius)} fill="transparent" />
        <circle r={star.radius + 5} fill={colour} opacity={star.disliked ? 0 : 0.14 * star.brightness} />
        <circle r={star.radius} fill={star.disliked ? "var(--surface)" : colour} fillOpacity={star.disliked ? 1 : star.brightness} stroke={colour} strokeWidth={star.disliked ? 1.5 : 1} strokeDasharray={star.disliked ? "3 2.5" : undefined} />
        <text y={star.radius + 13} textAnchor="middle" className={css.label}>{star.value}</text>
      </g>
    </Tooltip>
  );
}

function TasteTable({ affinities }: { affinities: readonly Affinity[] }) {
  const { t } = useTranslation("profiles");
  const format = useFormat();
  const most = Math.max(...affinities.map((each) => Math.abs(each.strength)));
  const columns: TableColumn<Affinity>[] = [
    { key: "value", title: t("taste.word"), width: 140, value: (row) => row.value },
    { key: "kind", title: t("taste.kind"), width: 90, value: (row) => row.kind, cell: (row) => <>{t(`kind.${row.kind}`, { defaultValue: row.kind })}</> },
    { key: "strength", title: t("taste.strength"), width: 150, align: "end", value: (row) => row.strength, cell: (row) => <span className={css.bar}><BarCell share={Math.abs(row.strength) / most} colour={row.strength < 0 ? "var(--faint)" : "var(--accent)"} /><span>{format.decimal(row.strength, 1)}</span></span> },
    { key: "last_at", title: t("taste.last"), width: 110, value: (row) => row.last_at, cell: (row) => <TimeAgo at={row.last_at} /> },
  ];
  return <DataTable label={t("taste.title")} columns={columns} rows={affinities} rowKey={(row) => `${row.kind}${row.value}`} sort={{ key: "strength", down: true }} height={HEIGHT} />;
}
