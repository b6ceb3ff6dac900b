"""What do customers turn to after this, up to the last event? The artifact's counts plus what was counted since."""

from __future__ import annotations

import numpy as np

from regulars.recommend.core.linear import spread
from regulars.recommend.core.rows import Doubles, Floats, Ints, Longs, Rows, Scored
from regulars.recommend.core.transitions import denominators
from regulars.recommend.engine.growing import GrowingRows, GrowingVector

SIMILAR_SHRINK = 5.0  # chosen: a pair seen together twice is not yet alike


class LiveTransitions:
    """Directed co-occurrence, forwards and backwards."""

    def __init__(
        self, forwards: Rows | None = None, backwards: Rows | None = None, *,
        out: Doubles | None = None, into: Doubles | None = None,
    ) -> None:  # fmt: skip
        self._forwards = forwards or Rows.empty()
        self._backwards = backwards or Rows.empty()
        self._new_forwards = GrowingRows()
        self._new_backwards = GrowingRows()
        self._out = GrowingVector(out)
        self._into = GrowingVector(into)

    def fit(self, items_total: int) -> None:
        """Make room for this many items."""
        self._out.fit(items_total)
        self._into.fit(items_total)

    def add(self, before: int, after: int, count: float) -> None:
        """Count one transition, or take one back."""
        self._new_forwards.add(before, after, count)
        self._new_backwards.add(after, before, count)
        self._out.add(before, count)
        self._into.add(after, count)

    def scores(self, items: Ints, weights: Floats, items_total: int) -> Scored:
        """Return the scores that these items, so weighted, give to what may follow."""
        columns, values, _ = self._terms(items, weights)
        return Scored.summed(columns, values, items_total=items_total)

    def contributions(self, items: Ints, weights: Floats, targets: Ints) -> Doubles:
        """Return what each query item gives to each target, shape (items, targets)."""
        columns, values, owners = self._terms(items, weights)
        return spread(columns, values, owners, targets=targets, queries=len(items))

    def cells(self, items: Ints) -> tuple[Ints, Doubles, Longs]:
        """Return what follows these items, how often, and after which of them."""
        return self._cells(self._forwards, self._new_forwards, items)

    def sums(self, items_total: int) -> tuple[Doubles, Doubles]:
        """Return how often each item was left, and how often it was come to."""
        return self._out.values[:items_total], self._into.values[:items_total]

    def similar(self, item: int, items_total: int) -> Scored:
        """Return how often others stand near an item, whatever the order, with popularity held down."""
        anchor = np.array([item], np.int32)
        columns, counts, _ = self._cells(self._forwards, self._new_forwards, anchor)
        back, more, _ = self._cells(self._backwards, self._new_backwards, anchor)
        columns, counts = np.concatenate((columns, back)), np.concatenate((counts, more))
        weight = self._out.values + self._into.values
        scale = np.sqrt(np.maximum(weight[columns] * weight[item], 0.0)) + SIMILAR_SHRINK
        return Scored.summed(columns, counts / scale, items_total=items_total)

    def _terms(self, items: Ints, weights: Floats) -> tuple[Ints, Doubles, Longs]:
        columns, counts, owners = self.cells(items)
        out = np.maximum(self._out.values[items], 0.0)
        below = denominators(out, np.maximum(self._into.values[columns], 0.0), owners)
        return columns, counts / below * weights[owners], owners

    @staticmethod
    def _cells(rows: Rows, new: GrowingRows, items: Ints) -> tuple[Ints, Doubles, Longs]:
        columns, values, owners = rows.gather(items)
        new_columns, new_values, new_owners = new.gather(items)
        if not len(new_columns):
            return columns, values.astype(np.float64), owners
        return (
            np.concatenate((columns, new_columns)),
            np.concatenate((values.astype(np.float64), new_values)),
            np.concatenate((owners, new_owners)),
        )
