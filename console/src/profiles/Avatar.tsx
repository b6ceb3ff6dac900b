import { paletteOf } from "../catalog/cover-art";
import css from "./Avatar.module.css";

/** The first letters of a name: two of a Latin name's words, the last two of a Chinese or Japanese one. */
export function initials(name: string): string {
  const letters = [...name.trim()];
  if (letters.some((letter) => (letter.codePointAt(0) ?? 0) > 0x2e7f)) return letters.filter((letter) => letter !== " ").slice(-2).join("");
  const words = name.trim().split(/[\s_-]+/u);
  return words.slice(0, 2).map((word) => [...word][0]?.toUpperCase() ?? "").join("");
}

/** A face for somebody without a picture, always the same for the same customer. */
export function Avatar({ name, seed, size = 28 }: { name: string; seed: string; size?: number }) {
  const palette = paletteOf(seed);
  return (
    <span className={css.avatar} aria-hidden style={{ width: size, height: size, fontSize: size * 0.38, background: palette.ground, color: palette.ink }}>
      {initials(name)}
    </span>
  );
}
