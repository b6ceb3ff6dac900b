/** Where identifiers stand when drawn as a graph: what ties most together in the middle, the others around. Pure. */

import type { IdentityGraph } from "../shared/api";

export type Identifier = IdentityGraph["identifiers"][number];
export type Evidence = IdentityGraph["evidence"][number];

export interface Placed {
  id: string;
  x: number;
  y: number;
}

const CENTRE_FIRST = ["user_id", "email", "phone", "line_user_id", "psid", "device_id", "push_token", "anonymous_id"];
const CARD_WIDTH = 176;
const CARD_HEIGHT = 48;

/** How evidence names an identifier: its kind and its value. */
export const nameOf = (identifier: Pick<Identifier, "kind" | "value">): string => `${identifier.kind}:${identifier.value}`;

/** The identifier that most evidence meets; a user id before an anonymous one when they tie. */
export function hubOf(graph: IdentityGraph): string | null {
  const meets = new Map<string, number>();
  for (const edge of graph.evidence) {
    if (edge.refused_reason) continue;
    for (const end of [edge.from_id, edge.to_id]) meets.set(end, (meets.get(end) ?? 0) + 1);
  }
  const rank = (kind: string) => (CENTRE_FIRST.indexOf(kind) + 1 || CENTRE_FIRST.length + 1);
  const order = [...graph.identifiers].sort(
    (a, b) => Number(a.blocked) - Number(b.blocked) || (meets.get(nameOf(b)) ?? 0) - (meets.get(nameOf(a)) ?? 0) || rank(a.kind) - rank(b.kind) || nameOf(a).localeCompare(nameOf(b)),
  );
  return order[0] ? nameOf(order[0]) : null;
}

/** How many steps of evidence each identifier is away from the hub; those without a way stand outermost. */
export function stepsFrom(hub: string, graph: IdentityGraph): Map<string, number> {
  const steps = new Map([[hub, 0]]);
  const queue = [hub];
  for (let at = 0; at < queue.length; at += 1) {
    const here = queue[at] as string;
    for (const edge of graph.evidence) {
      const next = edge.from_id === here ? edge.to_id : edge.to_id === here ? edge.from_id : null;
      if (next === null || steps.has(next)) continue;
      steps.set(next, (steps.get(here) ?? 0) + 1);
      queue.push(next);
    }
  }
  const furthest = Math.max(...steps.values());
  for (const each of graph.identifiers) if (!steps.has(nameOf(each))) steps.set(nameOf(each), furthest + 1);
  return steps;
}

/** Rings around the hub, turned so that each identifier stands on the side of what it is tied to. */
export function placeIdentifiers(graph: IdentityGraph, width: number, height: number): Placed[] {
  const hub = hubOf(graph);
  if (hub === null) return [];
  const steps = stepsFrom(hub, graph);
  const rings = Math.max(1, ...steps.values());
  const [cx, cy] = [width / 2, height / 2];
  const angles = new Map<string, number>([[hub, -Math.PI / 2]]);
  const placed: Placed[] = [{ id: hub, x: cx, y: cy }];
  for (let ring = 1; ring <= rings; ring += 1) {
    const members = graph.identifiers.map(nameOf).filter((name) => steps.get(name) === ring);
    const wish = (id: string) => angles.get(parentOf(id, steps, graph) ?? hub) ?? 0;
    members.sort((a, b) => wish(a) - wish(b) || a.localeCompare(b));
    const first = ring === 1 ? -Math.PI * 0.75 : (members[0] ? wish(members[0]) : 0) - (members.length > 1 ? Math.PI / 8 : 0);
    members.forEach((id, at) => {
      const spread = ring === 1 ? (2 * Math.PI) / members.length : Math.min((2 * Math.PI) / members.length, Math.PI / 3);
      const angle = first + at * spread;
      angles.set(id, angle);
      const share = rings === 1 ? 0.8 : 0.58 + (0.42 * (ring - 1)) / (rings - 1);
      placed.push({
        id,
        x: clamp(cx + Math.cos(angle) * share * (width / 2 - CARD_WIDTH / 2 - 8), CARD_WIDTH / 2 + 4, width - CARD_WIDTH / 2 - 4),
        y: clamp(cy + Math.sin(angle) * share * (height / 2 - CARD_HEIGHT / 2 - 8), CARD_HEIGHT / 2 + 4, height - CARD_HEIGHT / 2 - 4),
      });
    });
  }
  return apart(placed, width, height);
}

const clamp = (value: number, least: number, most: number): number => Math.min(Math.max(value, least), Math.max(least, most));

function parentOf(id: string, steps: ReadonlyMap<string, number>, graph: IdentityGraph): string | null {
  const mine = steps.get(id) ?? 0;
  for (const edge of graph.evidence) {
    const other = edge.from_id === id ? edge.to_id : edge.to_id === id ? edge.from_id : null;
    if (other !== null && (steps.get(other) ?? 0) === mine - 1) return other;
  }
  return null;
}

/** Cards that would cover each other move apart, up and down. */
function apart(placed: Placed[], width: number, height: number): Placed[] {
  for (let turn = 0; turn < 120; turn += 1) {
    let moved = false;
    for (let one = 0; one < placed.length; one += 1) {
      for (let other = one + 1; other < placed.length; other += 1) {
        const [a, b] = [placed[one] as Placed, placed[other] as Placed];
        const [dx, dy] = [b.x - a.x, b.y - a.y];
        const [across, down] = [CARD_WIDTH + 10 - Math.abs(dx), CARD_HEIGHT + 12 - Math.abs(dy)];
        if (across <= 0 || down <= 0) continue;
        moved = true;
        const fixed = one === 0 ? 0 : 0.5; // the hub stays
        const way = dy >= 0 ? 1 : -1;
        a.y = clamp(a.y - way * down * fixed, CARD_HEIGHT / 2, height - CARD_HEIGHT / 2);
        b.y = clamp(b.y + way * down * (1 - fixed), CARD_HEIGHT / 2, height - CARD_HEIGHT / 2);
        const sideways = dx >= 0 ? 1 : -1;
        b.x = clamp(b.x + sideways * across * 0.2, CARD_WIDTH / 2, width - CARD_WIDTH / 2);
      }
    }
    if (!moved) break;
  }
  return placed;
}

export { CARD_HEIGHT, CARD_WIDTH };
