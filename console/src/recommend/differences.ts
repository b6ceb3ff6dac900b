/** How the strategies' slates differ from the one that the slot serves. Pure. */

import type { Comparison } from "../shared/api";

export interface Difference {
  /** Only this strategy shows it. */
  alone: boolean;
  /** Places higher (positive) or lower than in the served slate; null when that one does not show it. */
  moved: number | null;
}

export type Strategy = Comparison["strategies"][number];

/** The served strategy stands first; the others keep their order. */
export function inOrder(strategies: readonly Strategy[], served: string | null): Strategy[] {
  return [...strategies].sort((a, b) => Number(b.policy === served) - Number(a.policy === served));
}

export function differencesOf(strategies: readonly Strategy[]): Map<string, Map<string, Difference>> {
  const shownBy = new Map<string, number>();
  for (const strategy of strategies) for (const item of strategy.slate.items) shownBy.set(item.item_id, (shownBy.get(item.item_id) ?? 0) + 1);
  const places = new Map(strategies[0]?.slate.items.map((item, at) => [item.item_id, at]));
  return new Map(
    strategies.map((strategy) => [
      strategy.policy,
      new Map(
        strategy.slate.items.map((item, at) => {
          const before = places.get(item.item_id);
          return [item.item_id, { alone: strategies.length > 1 && shownBy.get(item.item_id) === 1, moved: before === undefined ? null : before - at }];
        }),
      ),
    ]),
  );
}

/** How much of one slate another shows too: 0 to 1. */
export function overlap(a: Strategy, b: Strategy): number {
  if (a.slate.items.length === 0) return 0;
  const others = new Set(b.slate.items.map((item) => item.item_id));
  return a.slate.items.filter((item) => others.has(item.item_id)).length / a.slate.items.length;
}
