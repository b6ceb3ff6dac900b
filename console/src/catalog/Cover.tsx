import { useMemo } from "react";
import type { SlateItem } from "../shared/api";
import css from "./Cover.module.css";
import { coverArt } from "./cover-art";
import { spokenTitle, tagsOf } from "./tags";

export interface CoverItem {
  item_id: string;
  title: string;
  kind: string;
  tags: readonly (string | { kind: string; value: string })[];
  attributes: Readonly<Record<string, unknown>>;
  image?: string | null;
}

/** An item of a slate as something to draw, also when the catalogue no longer holds it. */
export function coverItem(shown: SlateItem): CoverItem {
  return { item_id: shown.item_id, ...(shown.item ?? { title: shown.title, kind: "item", tags: [], attributes: {} }) };
}

export interface CoverProps {
  item: CoverItem;
  /** `thumb` is a square without words, for rows; `poster` carries its title. */
  shape?: "thumb" | "poster";
  size?: number;
}

/** An item as a small picture: its own, or one drawn from its words. */
export function Cover({ item, shape = "thumb", size }: CoverProps) {
  const art = useMemo(
    () => coverArt({ id: item.item_id, kind: item.kind, title: item.title, tags: tagsOf(item) }, shape === "poster" ? "poster" : "square"),
    [item, shape],
  );
  const style = { ["--ground" as string]: art.palette.ground, ["--cover-ink" as string]: art.palette.ink, ...(size ? { width: size } : {}) };
  const title = spokenTitle(item.title);
  return (
    <span className={css.cover} data-shape={shape} style={style} aria-hidden>
      {item.image ? (
        <img className={css.image} src={item.image} alt="" loading="lazy" />
      ) : (
        <svg className={css.art} viewBox={`0 0 ${art.width} ${art.height}`} preserveAspectRatio="xMidYMid slice">
          {art.strokes.map((stroke, at) => (
            <path key={at} d={stroke.d} fill={stroke.fill ?? "none"} stroke={stroke.stroke ?? undefined} strokeWidth={stroke.width || undefined} opacity={stroke.opacity} strokeLinejoin="round" />
          ))}
        </svg>
      )}
      {shape === "poster" && <span className={css.words}><span className={css.title}>{title}</span></span>}
    </span>
  );
}
