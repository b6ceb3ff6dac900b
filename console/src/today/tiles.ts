/** Where tiles lie whose areas are counts: the squarified treemap of Bruls, Huizing and van Wijk (2000). Pure. */

export interface Tile {
  label: string;
  count: number;
  x: number;
  y: number;
  width: number;
  height: number;
}

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The worst width-to-height ratio in a row of areas laid along a side. */
function worst(row: readonly number[], side: number): number {
  const sum = row.reduce((total, area) => total + area, 0);
  const [most, least] = [Math.max(...row), Math.min(...row)];
  return Math.max((side * side * most) / (sum * sum), (sum * sum) / (side * side * least));
}

/** Lay counts out in a box of `width` × `height`, largest first; counts of zero are left out. Areas are exact. */
export function tilesOf(counts: readonly { label: string; count: number }[], width: number, height: number): Tile[] {
  const wanted = counts.filter((each) => each.count > 0).sort((a, b) => b.count - a.count);
  const total = wanted.reduce((sum, each) => sum + each.count, 0);
  if (total === 0 || width <= 0 || height <= 0) return [];
  const scale = (width * height) / total;
  const tiles: Tile[] = [];
  let box: Box = { x: 0, y: 0, width, height };
  let from = 0;
  while (from < wanted.length) {
    const side = Math.min(box.width, box.height);
    let to = from + 1;
    let row = [(wanted[from]?.count ?? 0) * scale];
    while (to < wanted.length) {
      const longer = [...row, (wanted[to]?.count ?? 0) * scale];
      if (worst(longer, side) > worst(row, side)) break;
      row = longer;
      to += 1;
    }
    box = lay(wanted.slice(from, to), row, box, tiles);
    from = to;
  }
  return tiles;
}

function lay(counts: readonly { label: string; count: number }[], areas: readonly number[], box: Box, tiles: Tile[]): Box {
  const sum = areas.reduce((total, area) => total + area, 0);
  const upright = box.width >= box.height;
  const thick = sum / (upright ? box.height : box.width);
  let at = 0;
  counts.forEach((each, index) => {
    const long = (areas[index] ?? 0) / thick;
    tiles.push(
      upright
        ? { ...each, x: box.x, y: box.y + at, width: thick, height: long }
        : { ...each, x: box.x + at, y: box.y, width: long, height: thick },
    );
    at += long;
  });
  return upright
    ? { x: box.x + thick, y: box.y, width: Math.max(0, box.width - thick), height: box.height }
    : { x: box.x, y: box.y + thick, width: box.width, height: Math.max(0, box.height - thick) };
}
