export interface SparklineProps {
  values: readonly number[];
  width?: number;
  height?: number;
  colour?: string;
  /** What a reader who cannot see it should know, e.g. "rising from 3 to 12". */
  label?: string;
}

/** The points of a line in a box, from zero: honest even when small. */
export function sparkPoints(values: readonly number[], width: number, height: number, pad = 1.5): [number, number][] {
  const top = Math.max(...values, 0);
  const step = values.length > 1 ? (width - 2 * pad) / (values.length - 1) : 0;
  return values.map((value, index) => [
    pad + index * step,
    top === 0 ? height - pad : height - pad - (value / top) * (height - 2 * pad),
  ]);
}

/** A line as small as a word. */
export function Sparkline({ values, width = 72, height = 20, colour = "var(--accent)", label }: SparklineProps) {
  if (values.length < 2) return <span aria-hidden style={{ display: "inline-block", width, height }} />;
  const points = sparkPoints(values, width, height);
  const line = points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
  const last = points.at(-1);
  return (
    <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role={label ? "img" : undefined} aria-label={label} aria-hidden={label ? undefined : true} style={{ display: "block", overflow: "visible" }}>
      <polygon points={`${points[0]?.[0]},${height} ${line} ${last?.[0]},${height}`} fill={colour} opacity={0.12} />
      <polyline points={line} fill="none" stroke={colour} strokeWidth={1.5} strokeLinejoin="round" strokeLinecap="round" />
      {last && <circle cx={last[0]} cy={last[1]} r={2} fill={colour} />}
    </svg>
  );
}

/** A bar in a cell: `share` of the whole, 0 to 1. */
export function BarCell({ share, colour = "var(--accent)" }: { share: number; colour?: string }) {
  const width = Math.max(0, Math.min(1, share)) * 100;
  return (
    <span aria-hidden style={{ display: "block", height: 6, minWidth: 48, borderRadius: 3, background: "var(--hover)" }}>
      <span style={{ display: "block", height: 6, width: `${width}%`, borderRadius: 3, background: colour, transition: "width 180ms ease-out" }} />
    </span>
  );
}
