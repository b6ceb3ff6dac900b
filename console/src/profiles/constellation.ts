/**
 * Where a customer's tastes stand in the sky: the strongest in the middle, the rest turning outwards, each with room for
 * its name. Size tells strength, brightness how recent it is. Pure, and the same for the same tastes.
 */

import type { Affinity } from "../shared/api";

export interface Star {
  key: string;
  kind: string;
  value: string;
  strength: number;
  last_at: string;
  x: number;
  y: number;
  radius: number;
  /** 1 for now, towards 0 for long ago. */
  brightness: number;
  disliked: boolean;
}

export interface Sky {
  width: number;
  height: number;
  stars: Star[];
  /** Pairs of star keys: those of one kind, strung together in the order of strength. */
  lines: [string, string][];
}

const GOLDEN_ANGLE = Math.PI * (3 - Math.sqrt(5));
const RADIUS_MIN = 4;
const RADIUS_MAX = 17;
const LABEL_HEIGHT = 17;
const HALF_LIFE_DAYS = 14; // what is recent shines; how strong a taste still is, its size tells
const DAY_MS = 86_400_000;
const STARS_MAX = 22;
const TURNS = 160;

/** How wide a name stands at 12 px; CJK is twice as wide. */
export function labelWidth(text: string): number {
  let width = 0;
  for (const letter of text) width += (letter.codePointAt(0) ?? 0) > 0x2e7f ? 12.5 : 6.9;
  return width;
}

export function brightnessOf(last_at: string, now: number): number {
  const days = Math.max(0, now - new Date(last_at).getTime()) / DAY_MS;
  return 0.25 + 0.75 * 0.5 ** (days / HALF_LIFE_DAYS);
}

export function skyOf(affinities: readonly Affinity[], now: number, width: number, height: number): Sky {
  const wanted = [...affinities]
    .filter((each) => each.strength !== 0)
    .sort((a, b) => Math.abs(b.strength) - Math.abs(a.strength) || a.value.localeCompare(b.value))
    .slice(0, STARS_MAX);
  const strongest = Math.abs(wanted[0]?.strength ?? 1);
  const reach = Math.min(width * 0.42, height * 0.47);
  const stars = wanted.map((each, rank): Star => {
    const share = Math.sqrt(Math.abs(each.strength) / strongest);
    const distance = rank === 0 ? 0 : reach * Math.sqrt(rank / Math.max(6, wanted.length));
    const angle = rank * GOLDEN_ANGLE - Math.PI / 2;
    return {
      key: `${each.kind}\t${each.value}`, kind: each.kind, value: each.value, strength: each.strength, last_at: each.last_at,
      x: width / 2 + Math.cos(angle) * distance * Math.min(1.9, width / height),
      y: height / 2 + Math.sin(angle) * distance,
      radius: RADIUS_MIN + (RADIUS_MAX - RADIUS_MIN) * share,
      brightness: brightnessOf(each.last_at, now),
      disliked: each.strength < 0,
    };
  });
  for (let turn = 0; turn < TURNS; turn += 1) if (!push(stars, width, height)) break;
  return { width, height, stars, lines: linesOf(stars) };
}

/** The room a star needs: itself and its name below. */
export function roomOf(star: Star): { left: number; right: number; top: number; bottom: number } {
  const half = Math.max(star.radius, labelWidth(star.value) / 2) + 4;
  return { left: star.x - half, right: star.x + half, top: star.y - star.radius - 3, bottom: star.y + star.radius + LABEL_HEIGHT };
}

/** Move stars apart where their rooms overlap, the weaker one further; say whether anything moved. */
function push(stars: Star[], width: number, height: number): boolean {
  let moved = false;
  for (let one = 0; one < stars.length; one += 1) {
    for (let other = one + 1; other < stars.length; other += 1) {
      const [a, b] = [stars[one] as Star, stars[other] as Star];
      const [ra, rb] = [roomOf(a), roomOf(b)];
      const across = Math.min(ra.right, rb.right) - Math.max(ra.left, rb.left);
      const down = Math.min(ra.bottom, rb.bottom) - Math.max(ra.top, rb.top);
      if (across <= 0 || down <= 0) continue;
      moved = true;
      if (across < down) {
        const way = b.x >= a.x ? 1 : -1;
        a.x -= way * across * 0.25;
        b.x += way * across * 0.75;
      } else {
        const way = b.y >= a.y ? 1 : -1;
        a.y -= way * down * 0.25;
        b.y += way * down * 0.75;
      }
    }
  }
  for (const star of stars) keepInside(star, width, height);
  return moved;
}

function keepInside(star: Star, width: number, height: number): void {
  const room = roomOf(star);
  if (room.left < 0) star.x -= room.left;
  if (room.right > width) star.x -= room.right - width;
  if (room.top < 0) star.y -= room.top;
  if (room.bottom > height) star.y -= room.bottom - height;
}

/** Each star is strung to the nearest stronger one of its kind, so a kind is a small tree and not a web. */
function linesOf(stars: readonly Star[]): [string, string][] {
  return stars.flatMap((star, at) => {
    const stronger = stars.slice(0, at).filter((other) => other.kind === star.kind && !other.disliked && !star.disliked);
    const nearest = stronger.sort((a, b) => Math.hypot(a.x - star.x, a.y - star.y) - Math.hypot(b.x - star.x, b.y - star.y))[0];
    return nearest ? [[star.key, nearest.key] as [string, string]] : [];
  });
}
