/**
 * What does an item without a picture look like? A small poster, drawn from its words.
 *
 * Pure: the same item is always the same drawing. The first telling word (genre, category, brand …) picks the palette
 * and the motif, the item's id only turns and shifts it, so that a shelf is lively and a genre still has its colour.
 */

export interface CoverTag {
  kind: string;
  value: string;
}

export interface CoverSubject {
  id: string;
  kind: string;
  title?: string;
  tags: readonly CoverTag[];
}

export interface Palette {
  name: string;
  ground: string;
  first: string;
  second: string;
  ink: string;
}

export interface Stroke {
  d: string;
  fill: string | null;
  stroke: string | null;
  width: number;
  opacity: number;
}

/** Motifs that stand in the middle and must not be cut. */
export const isObject = (motif: string): boolean => OBJECTS.some(([, object]) => object === motif);

export interface CoverArt {
  palette: Palette;
  motif: string;
  width: number;
  height: number;
  strokes: Stroke[];
}

/** Ink on ground is at least 4.5 to 1 in every palette (`cover-art.test.ts` measures it). */
export const PALETTES: readonly Palette[] = [
  { name: "terracotta", ground: "#A64A24", first: "#E9A681", second: "#6F2D12", ink: "#FFF6EE" },
  { name: "harbour", ground: "#1F3A4D", first: "#5E8CA8", second: "#E9C46A", ink: "#F3F1EA" },
  { name: "forest", ground: "#2C4A3B", first: "#7FA98C", second: "#E6D5A8", ink: "#F4F3E8" },
  { name: "ochre", ground: "#DDAA48", first: "#B4532A", second: "#F6E3B2", ink: "#2A1E0B" },
  { name: "plum", ground: "#4B2B45", first: "#B97BA5", second: "#EDBBA8", ink: "#F9EFF5" },
  { name: "sand", ground: "#E9DFCB", first: "#B4532A", second: "#3B5B66", ink: "#2B241A" },
  { name: "lagoon", ground: "#1E5557", first: "#79B8AE", second: "#F0CFA0", ink: "#F0F5F1" },
  { name: "rose", ground: "#E5B8A9", first: "#A4423F", second: "#FBE9E0", ink: "#3B1614" },
  { name: "night", ground: "#1D1C26", first: "#5B5775", second: "#CDA65F", ink: "#F3F1EA" },
  { name: "sky", ground: "#BFD3D9", first: "#2C5C77", second: "#F5F1E6", ink: "#14303F" },
  { name: "brick", ground: "#7E2E2A", first: "#DC9070", second: "#F2D7B8", ink: "#FFF3EC" },
  { name: "olive", ground: "#57562A", first: "#A8A45C", second: "#EFE6C2", ink: "#F8F5E2" },
  { name: "lilac", ground: "#CFC4DC", first: "#5B4B86", second: "#F3EDF7", ink: "#2A2145" },
  { name: "mint", ground: "#C7DCCB", first: "#35664B", second: "#F5F3E4", ink: "#17352A" },
  { name: "graphite", ground: "#33373B", first: "#87919A", second: "#E7B98A", ink: "#F4F4F2" },
  { name: "saffron", ground: "#7C5910", first: "#E8C66B", second: "#3A2A08", ink: "#FFF8E8" },
];

interface Style {
  palettes: readonly string[];
  motifs: readonly string[];
}

/** Words that a shop is likely to use; every other word picks by its own letters. Left to right: the usual colour first. */
const STYLES: Record<string, Style> = {
  action: { palettes: ["brick", "graphite"], motifs: ["diagonal", "steps"] },
  adventure: { palettes: ["lagoon", "olive"], motifs: ["peaks", "sun"] },
  animation: { palettes: ["ochre", "sky"], motifs: ["pebbles", "leaves"] },
  "children's": { palettes: ["sky", "mint"], motifs: ["pebbles", "leaves"] },
  children: { palettes: ["sky", "mint"], motifs: ["pebbles", "leaves"] },
  comedy: { palettes: ["ochre", "rose"], motifs: ["zigzag", "circles"] },
  crime: { palettes: ["graphite", "night"], motifs: ["blinds", "diagonal"] },
  documentary: { palettes: ["sand", "mint"], motifs: ["grid", "waves"] },
  drama: { palettes: ["harbour", "terracotta"], motifs: ["arcs", "waves"] },
  fantasy: { palettes: ["lilac", "plum"], motifs: ["moon", "orbit"] },
  "film-noir": { palettes: ["night", "graphite"], motifs: ["blinds", "diagonal"] },
  horror: { palettes: ["night", "brick"], motifs: ["target", "moon"] },
  musical: { palettes: ["rose", "plum"], motifs: ["columns", "zigzag"] },
  mystery: { palettes: ["plum", "night"], motifs: ["target", "moon"] },
  romance: { palettes: ["rose", "brick"], motifs: ["circles", "arcs"] },
  "sci-fi": { palettes: ["night", "harbour"], motifs: ["orbit", "grid"] },
  thriller: { palettes: ["graphite", "harbour"], motifs: ["steps", "blinds"] },
  war: { palettes: ["olive", "forest"], motifs: ["steps", "blinds"] },
  western: { palettes: ["saffron", "terracotta"], motifs: ["sun", "peaks"] },
  rock: { palettes: ["brick", "graphite"], motifs: ["diagonal", "steps"] },
  "classic rock": { palettes: ["brick", "saffron"], motifs: ["sun", "peaks"] },
  pop: { palettes: ["rose", "lilac"], motifs: ["circles", "arcs"] },
  jazz: { palettes: ["harbour", "saffron"], motifs: ["arcs", "waves"] },
  classical: { palettes: ["sand", "olive"], motifs: ["waves", "arcs"] },
  electronic: { palettes: ["night", "plum"], motifs: ["columns", "zigzag"] },
  "hip-hop": { palettes: ["graphite", "ochre"], motifs: ["steps", "blinds"] },
  folk: { palettes: ["forest", "mint"], motifs: ["leaves", "peaks"] },
  ambient: { palettes: ["sky", "lagoon"], motifs: ["waves", "arcs"] },
};

/** Objects for things one can hold; the first word that is found in a tag wins. */
const OBJECTS: ReadonlyArray<[RegExp, string]> = [
  [/\bcup|mug|\btea|coffee|drink|杯|茶|咖啡|カップ|コーヒー/i, "cup"],
  [/bottle|wine|oil|sauce|water|beauty|skin|soap|care|瓶|酒|保養|美妝|ボトル|スキン/i, "bottle"],
  [/shirt|cloth|apparel|fashion|top|dress|wear|衣|服|シャツ/i, "shirt"],
  [/lamp|light|home|living|furniture|燈|居家|家具|ランプ|インテリア/i, "lamp"],
  [/toy|puzzle|kite|balloon|玩具|積木|拼圖|おもちゃ|つみき|ふうせん|パズル/i, "blocks"],
  [/book|paper|ink|tape|pen|stationery|note|書|文具|墨水|膠帶|筆|ノート|文房具|テープ/i, "book"],
  [/plant|garden|flower|植物|花|園藝|ガーデン/i, "plant"],
  [/bag|case|travel|outdoor|包|袋|旅行|バッグ|アウトドア/i, "bag"],
  [/kitchen|bowl|tableware|food|snack|rice|碗|廚|食|餐|キッチン|食器/i, "bowl"],
  [/electronic|audio|phone|gadget|tech|電|耳機|家電|オーディオ/i, "speaker"],
];

const TELLING = ["genre", "category", "mood", "artist", "brand", "tag"];

/** A small, fast, well-spread hash (FNV-1a, 32 bits), good enough to pick colours. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    hash ^= text.charCodeAt(at);
    hash = Math.imul(hash, 0x01000193);
  }
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** Numbers in [0, 1) that follow from a seed. */
function chances(seed: number): () => number {
  let state = seed || 1;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Words that say little, because half the shop carries them: the further down, the less. */
const COMMON = ["musical", "adventure", "romance", "crime", "thriller", "comedy", "action", "drama"];

/** The word that says most about how an item should look: of the most telling kind, the most particular one. */
export function tellingTag(tags: readonly CoverTag[]): CoverTag | null {
  for (const kind of TELLING) {
    const found = tags.filter((tag) => tag.kind === kind && tag.value !== "unknown");
    const common = (tag: CoverTag) => COMMON.indexOf(tag.value.toLowerCase());
    if (found.length > 0) return found.reduce((best, tag) => (common(tag) < common(best) ? tag : best));
  }
  return tags[0] ?? null;
}

/** The colour that a word always has; for chips, dots and constellations. */
export function paletteOf(word: string, turn = 0): Palette {
  const style = STYLES[word.trim().toLowerCase()];
  const name = style?.palettes[turn % style.palettes.length];
  const fallback = PALETTES[hashOf(word) % PALETTES.length] as Palette;
  return PALETTES.find((palette) => palette.name === name) ?? fallback;
}

type Pen = {
  chance: () => number;
  width: number;
  height: number;
  palette: Palette;
  strokes: Stroke[];
};

const round = (value: number): number => Math.round(value * 100) / 100;

function circle(x: number, y: number, radius: number): string {
  const [cx, cy, r] = [round(x), round(y), round(radius)];
  return `M${cx - r} ${cy}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
}

function box(x: number, y: number, width: number, height: number): string {
  return `M${round(x)} ${round(y)}h${round(width)}v${round(height)}h${round(-width)}Z`;
}

function fill(pen: Pen, d: string, colour: string, opacity = 1): void {
  pen.strokes.push({ d, fill: colour, stroke: null, width: 0, opacity });
}

function line(pen: Pen, d: string, colour: string, width: number, opacity = 1): void {
  pen.strokes.push({ d, fill: null, stroke: colour, width, opacity });
}

const MOTIFS: Record<string, (pen: Pen) => void> = {
  sun(pen) {
    const { width, height, palette, chance } = pen;
    const horizon = height * (0.56 + chance() * 0.14);
    fill(pen, circle(width * (0.3 + chance() * 0.4), horizon, width * (0.22 + chance() * 0.1)), palette.first);
    fill(pen, box(0, horizon, width, height - horizon), palette.second);
    for (let row = 1; row < 5; row += 1) {
      line(pen, `M0 ${round(horizon + row * row * 2.6)}H${width}`, palette.ground, 0.5 + row * 0.35);
    }
  },
  blinds(pen) {
    const { width, height, palette, chance } = pen;
    const tilt = (chance() - 0.5) * 24;
    const gap = 8 + chance() * 4;
    for (let y = -20; y < height + 20; y += gap) {
      const thick = gap * (0.22 + 0.5 * ((y + 20) / (height + 40)));
      fill(pen, `M0 ${round(y)}L${width} ${round(y + tilt)}v${round(thick)}L0 ${round(y + thick)}Z`, palette.first, 0.75);
    }
    fill(pen, circle(width * (0.3 + chance() * 0.4), height * 0.42, width * 0.16), palette.second);
  },
  circles(pen) {
    const { width, height, palette, chance } = pen;
    const radius = width * (0.24 + chance() * 0.05);
    const turn = chance() * Math.PI;
    const [x, y] = [width / 2, height * 0.44];
    const [dx, dy] = [Math.cos(turn) * radius * 0.62, Math.sin(turn) * radius * 0.62];
    fill(pen, circle(x - dx, y - dy, radius), palette.first, 0.94);
    fill(pen, circle(x + dx, y + dy, radius), palette.second, 0.84);
  },
  peaks(pen) {
    const { width, height, palette, chance } = pen;
    fill(pen, circle(width * (0.2 + chance() * 0.6), height * 0.26, width * 0.1), palette.second);
    const tops = [0.36, 0.5, 0.62].map((top) => height * (top + (chance() - 0.5) * 0.1));
    tops.forEach((top, row) => {
      const x = width * (0.15 + chance() * 0.7);
      const colour = row === 1 ? palette.ink : palette.first;
      const d = `M${round(x - width * 0.75)} ${height}L${round(x)} ${round(top)}L${round(x + width * 0.75)} ${height}Z`;
      fill(pen, d, colour, row === 1 ? 0.22 : 0.55 + row * 0.2);
    });
  },
  waves(pen) {
    const { width, height, palette, chance } = pen;
    const phase = chance() * 6;
    for (let row = 0; row < 7; row += 1) {
      const y = height * (0.2 + row * 0.12);
      const lift = 4 + chance() * 7;
      let d = `M0 ${round(y)}`;
      for (let x = 0; x <= width; x += 5) d += `L${x} ${round(y + Math.sin(x / 15 + phase + row * 0.8) * lift)}`;
      fill(pen, `${d}L${width} ${height}L0 ${height}Z`, row % 3 === 2 ? palette.second : palette.first, 0.16 + row * 0.05);
    }
  },
  arcs(pen) {
    const { width, height, palette, chance } = pen;
    const corner = Math.floor(chance() * 4);
    const x = corner % 2 ? width : 0;
    const y = corner > 1 ? height : 0;
    const rings = 5 + Math.floor(chance() * 3);
    for (let ring = rings; ring > 0; ring -= 1) {
      const radius = (Math.max(width, height) * 0.92 * ring) / rings;
      fill(pen, circle(x, y, radius), ring % 2 ? palette.first : palette.ground, ring % 2 ? 0.9 : 1);
    }
    fill(pen, circle(x, y, (Math.max(width, height) * 0.92) / rings), palette.second);
  },
  grid(pen) {
    const { width, height, palette, chance } = pen;
    const step = width / 7;
    const [px, py] = [chance() * width, chance() * height];
    for (let y = step; y < height - 2; y += step) {
      for (let x = step; x < width - 2; x += step) {
        const near = 1 - Math.min(1, Math.hypot(x - px, y - py) / (width * 1.05));
        fill(pen, circle(x, y, 1 + near * step * 0.42), near > 0.72 ? palette.first : palette.second, 0.95);
      }
    }
  },
  diagonal(pen) {
    const { width, height, palette, chance } = pen;
    const lean = 0.5 + chance() * 0.5;
    let x = -height;
    let turn = 0;
    while (x < width + 10) {
      const thick = 4 + chance() * 15;
      const d = `M${round(x)} ${height}L${round(x + height * lean)} 0h${round(thick)}L${round(x + thick)} ${height}Z`;
      fill(pen, d, turn % 3 === 1 ? palette.second : palette.first, turn % 3 === 1 ? 0.95 : 0.8);
      x += thick + 9 + chance() * 17;
      turn += 1;
    }
  },
  steps(pen) {
    const { width, height, palette, chance } = pen;
    const count = 6;
    const rising = chance() > 0.5;
    for (let step = 0; step < count; step += 1) {
      const at = rising ? step : count - 1 - step;
      const top = height * (0.82 - (at / count) * (0.55 + chance() * 0.12));
      const colour = step === Math.floor(count / 2) ? palette.second : palette.first;
      fill(pen, box((width / count) * step, top, width / count - 1.4, height - top), colour, 0.92);
    }
  },
  moon(pen) {
    const { width, height, palette, chance } = pen;
    const [x, y, radius] = [width * (0.4 + chance() * 0.2), height * 0.42, width * 0.28];
    fill(pen, circle(x, y, radius), palette.second);
    fill(pen, circle(x + radius * (0.35 + chance() * 0.25), y - radius * 0.22, radius * 0.84), palette.ground);
    for (let star = 0; star < 9; star += 1) {
      fill(pen, circle(chance() * width, chance() * height * 0.9, 0.6 + chance() * 1.1), palette.first);
    }
  },
  zigzag(pen) {
    const { width, height, palette, chance } = pen;
    const teeth = 3 + Math.floor(chance() * 3);
    const rows = 4;
    for (let row = 0; row < rows; row += 1) {
      const y = height * (0.16 + row * 0.2);
      let d = `M${-width / teeth} ${round(y)}`;
      for (let tooth = 0; tooth <= teeth * 2 + 2; tooth += 1) {
        d += `L${round((width / teeth / 2) * tooth)} ${round(y + (tooth % 2 ? height * 0.13 : 0))}`;
      }
      line(pen, d, row % 2 ? palette.second : palette.first, 5.4, 0.95);
    }
  },
  columns(pen) {
    const { width, height, palette, chance } = pen;
    const count = 9;
    for (let column = 0; column < count; column += 1) {
      const tall = height * (0.12 + 0.6 * Math.abs(Math.sin(column * 0.9 + chance() * 1.6)));
      const wide = width / count - 3;
      const colour = column % 4 === 2 ? palette.second : palette.first;
      fill(pen, box((width / count) * column + 1.5, height * 0.5 - tall / 2, wide, tall), colour, 0.95);
    }
  },
  orbit(pen) {
    const { width, height, palette, chance } = pen;
    const [x, y] = [width * 0.5, height * 0.44];
    fill(pen, circle(x, y, width * 0.13), palette.second);
    for (let ring = 1; ring <= 3; ring += 1) {
      const radius = width * (0.16 + ring * 0.1);
      const turn = chance() * Math.PI * 2;
      line(pen, circle(x, y, radius), palette.first, 0.9, 0.9);
      fill(pen, circle(x + Math.cos(turn) * radius, y + Math.sin(turn) * radius, 1.6 + chance() * 3), palette.ink);
    }
  },
  target(pen) {
    const { width, height, palette, chance } = pen;
    const [x, y] = [width * (0.35 + chance() * 0.3), height * (0.36 + chance() * 0.14)];
    for (let ring = 7; ring > 0; ring -= 1) line(pen, circle(x, y, ring * 7.2), palette.first, 1 + ring * 0.34, 0.85);
    fill(pen, circle(x, y, 4.6), palette.second);
  },
  leaves(pen) {
    const { width, height, palette, chance } = pen;
    const stem = width * (0.42 + chance() * 0.16);
    line(pen, `M${round(stem)} ${height}V${round(height * 0.12)}`, palette.first, 1.4);
    for (let leaf = 0; leaf < 7; leaf += 1) {
      const y = height * (0.2 + leaf * 0.11);
      const side = leaf % 2 ? 1 : -1;
      const [dx, dy] = [side * (20 + chance() * 12), -8 - chance() * 6];
      const d = `M${round(stem)} ${round(y)}q${round(dx * 0.3)} ${round(dy * 1.7)} ${round(dx)} ${round(dy)}q${round(-dx * 0.3)} ${round(-dy * 0.6 + 9)} ${round(-dx)} ${round(-dy)}Z`;
      fill(pen, d, leaf % 3 ? palette.first : palette.second, 0.95);
    }
  },
  pebbles(pen) {
    const { width, height, palette, chance } = pen;
    const colours = [palette.first, palette.second, palette.ink];
    for (let pebble = 0; pebble < 8; pebble += 1) {
      const row = Math.floor(pebble / 3);
      const x = width * (0.2 + (pebble % 3) * 0.3) + (chance() - 0.5) * 9;
      const y = height * (0.18 + row * 0.25) + (chance() - 0.5) * 9;
      const colour = colours[pebble % 3] as string;
      fill(pen, circle(x, y, 6 + chance() * 9), colour, pebble % 3 === 2 ? 0.25 : 0.95);
    }
  },
  cup(pen) {
    ground(pen);
    const { palette } = pen;
    line(pen, "M63 48h8a9 9 0 0 1 0 18h-9", palette.first, 4.4);
    fill(pen, "M30 40h35v24a13 13 0 0 1-13 13h-9a13 13 0 0 1-13-13Z", palette.first);
    line(pen, "M41 32q-4-5 0-10M54 32q-4-5 0-10", palette.second, 2);
  },
  bottle(pen) {
    ground(pen);
    const { palette, chance } = pen;
    const tall = chance() * 10;
    fill(pen, `M45 ${20 - tall / 2}h10v14q9 4 9 14v29H36V48q0-10 9-14Z`, palette.first);
    fill(pen, box(36, 52, 28, 14), palette.second);
    fill(pen, box(44, 15 - tall / 2, 12, 6), palette.ink, 0.7);
  },
  shirt(pen) {
    ground(pen);
    const { palette, chance } = pen;
    fill(pen, "M38 26q12 9 24 0l18 10-7 15-9-4v30H36V47l-9 4-7-15Z", palette.first);
    const rows = 2 + Math.floor(chance() * 3);
    for (let row = 0; row < rows; row += 1) fill(pen, box(36, 53 + row * 6, 28, 2.4), palette.second);
  },
  lamp(pen) {
    ground(pen);
    const { palette } = pen;
    line(pen, "M50 44V76", palette.ink, 2.2, 0.8);
    fill(pen, "M40 22h20l10 24H30Z", palette.first);
    fill(pen, "M38 74h24v3.4H38Z", palette.ink, 0.8);
    fill(pen, "M30 46h40l7 10H23Z", palette.second, 0.5);
  },
  book(pen) {
    ground(pen);
    const { palette, chance } = pen;
    const lean = chance() * 8;
    fill(pen, box(33, 24, 14, 53), palette.first);
    fill(pen, box(49, 32, 10, 45), palette.second);
    fill(pen, `M62 ${round(30 + lean)}l9-3 8 ${round(48 - lean)}-9 2Z`, palette.ink, 0.65);
    line(pen, "M36 34h8M36 38h8", palette.ground, 1.4);
  },
  plant(pen) {
    ground(pen);
    const { palette } = pen;
    fill(pen, "M38 58h24l-3 19H41Z", palette.second);
    fill(pen, "M50 58q-22-4-20-28q18 6 20 28q0-26 16-34q8 22-16 34", palette.first);
    line(pen, "M50 58V36", palette.ink, 1.2, 0.5);
  },
  bag(pen) {
    ground(pen);
    const { palette } = pen;
    line(pen, "M40 42V34a10 10 0 0 1 20 0v8", palette.ink, 2.6, 0.8);
    fill(pen, "M29 40h42l4 37H25Z", palette.first);
    fill(pen, box(42, 52, 16, 8), palette.second);
  },
  bowl(pen) {
    ground(pen);
    const { palette } = pen;
    fill(pen, "M24 50h52q-2 22-18 25v2H42v-2Q26 72 24 50Z", palette.first);
    fill(pen, "M30 50q20-20 40 0Z", palette.second);
    line(pen, "M58 44L80 24M63 45L84 28", palette.ink, 1.8, 0.75);
  },
  blocks(pen) {
    ground(pen);
    const { palette, chance } = pen;
    const lean = (chance() - 0.5) * 6;
    fill(pen, box(24, 57, 20, 20), palette.first);
    fill(pen, box(46, 57, 20, 20), palette.second);
    fill(pen, box(68, 63, 14, 14), palette.ink, 0.6);
    fill(pen, circle(35 + lean, 46, 11), palette.second);
    fill(pen, `M${round(46 + lean)} 57l10-20 10 20Z`, palette.first);
  },
  speaker(pen) {
    ground(pen);
    const { palette } = pen;
    fill(pen, "M36 22h28a4 4 0 0 1 4 4v47a4 4 0 0 1-4 4H36a4 4 0 0 1-4-4V26a4 4 0 0 1 4-4Z", palette.first);
    fill(pen, circle(50, 59, 11), palette.ground);
    fill(pen, circle(50, 59, 4.5), palette.second);
    fill(pen, circle(50, 36, 6), palette.ground);
  },
};

/** The table on which an object stands. */
function ground(pen: Pen): void {
  const { width, height, palette, chance } = pen;
  fill(pen, circle(width * (0.3 + chance() * 0.4), height * 0.45, width * 0.36), palette.ink, 0.08);
  fill(pen, box(-2 * width, height * 0.77, 5 * width, height), palette.ink, 0.12); // runs on where a window is wider
}

const ABSTRACT = ["sun", "blinds", "circles", "peaks", "waves", "arcs", "grid", "diagonal", "steps", "moon", "zigzag",
  "columns", "orbit", "target", "leaves", "pebbles"];

function objectIn(words: string): string | undefined {
  return OBJECTS.find(([pattern]) => pattern.test(words))?.[1];
}

function motifOf(subject: CoverSubject, word: string, seed: number): string {
  if (subject.kind === "product") {
    const brands = subject.tags.filter((tag) => tag.kind === "brand").map((tag) => tag.value);
    const title = brands.reduce((words, brand) => words.replace(brand, " "), subject.title ?? ""); // a tea house sells lamps too
    const object = objectIn(title) ?? objectIn(subject.tags.filter((tag) => tag.kind !== "brand").map((tag) => tag.value).join(" "));
    if (object) return object;
  }
  const known = STYLES[word.toLowerCase()]?.motifs;
  return known ? (known[(seed >>> 4) % known.length] as string) : (ABSTRACT[hashOf(`${word} motif`) % ABSTRACT.length] as string);
}

/** The second word of the same kind lends its motif now and then, so that a comedy about crime looks a little of both. */
function motifWord(subject: CoverSubject, word: CoverTag | null, seed: number): string {
  const others = subject.tags.filter((tag) => tag.kind === word?.kind && tag.value !== word?.value);
  const other = others[(seed >>> 6) % Math.max(1, others.length)];
  return (seed >>> 2) % 2 && other ? other.value : (word?.value ?? subject.kind);
}

/** Draw an item: paths in a box of `width` × `height`, coloured, to be put on `palette.ground` in order. */
export function coverArt(subject: CoverSubject, shape: "poster" | "square" = "poster"): CoverArt {
  const telling = tellingTag(subject.tags);
  const word = telling?.value ?? subject.kind;
  const seed = hashOf(`${subject.kind} ${subject.id}`);
  // Two items in three wear the genre's usual colour, the third its second one, so that a long shelf does not go flat.
  // Goods are told apart by what they are, so each may have a colour of its own.
  const own = PALETTES[(seed >>> 3) % PALETTES.length] as Palette;
  const palette = subject.kind === "product" ? own : paletteOf(word, seed % 3 === 0 ? 1 : 0);
  const [width, height] = shape === "poster" ? [100, 96] : [100, 100];
  const motif = motifOf(subject, motifWord(subject, telling, seed), seed);
  const pen: Pen = { chance: chances(seed), width, height, palette, strokes: [] };
  (MOTIFS[motif] as (pen: Pen) => void)(pen);
  return { palette, motif, width, height, strokes: pen.strokes };
}
