"""Ragged tables: for each row a few columns with a value, packed in three flat arrays.

The one shape that every recommender here stands on: who touched what, what follows what, who is in which session.
Arrays may be memory-mapped; nothing here writes to them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Flags = NDArray[np.bool_]

DENSE_SHARE = (
    50  # sum densely when the entries are at least a fiftieth of the columns: sorting costs more from there on
)


@dataclass(frozen=True, slots=True)
class Rows:
    """A ragged table: row `i` has `columns[starts[i]:starts[i+1]]` with `values` beside them.

    >>> rows = Rows.of([[(1, 0.5)], [], [(0, 2.0), (1, 3.0)]])
    >>> rows.count, rows.row(2)[0].tolist(), rows.row(7)[0].tolist()
    (3, [0, 1], [])
    """

    starts: Longs
    columns: Ints
    values: Floats

    @classmethod
    def of(cls, lists: list[list[tuple[int, float]]]) -> Rows:
        """Return the table of these (column, value) lists."""
        pairs = [pair for row in lists for pair in row]
        return cls(
            starts=starts_of(np.array([len(row) for row in lists], dtype=np.int64)),
            columns=np.array([column for column, _ in pairs], dtype=np.int32),
            values=np.array([value for _, value in pairs], dtype=np.float32),
        )

    @classmethod
    def empty(cls) -> Rows:
        """Return a table without rows."""
        return cls(np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32))

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.starts) - 1

    def row(self, index: int) -> tuple[Ints, Floats]:
        """Return the columns and values of one row; a row beyond the table is empty."""
        if not 0 <= index < self.count:
            return self.columns[:0], self.values[:0]
        place = slice(int(self.starts[index]), int(self.starts[index + 1]))
        return self.columns[place], self.values[place]

    def gather(self, indices: Longs | Ints) -> tuple[Ints, Floats, Longs]:
        """Return columns, values and the place in `indices` of every entry of these rows."""
        places, owners = self.places(indices)
        return self.columns[places], self.values[places], owners

    def places(self, indices: Longs | Ints) -> tuple[Longs, Longs]:
        """Return the flat places of these rows' entries, and for each the place in `indices`."""
        inside = (indices >= 0) & (indices < self.count)
        rows = np.where(inside, indices, 0)
        first = self.starts[rows] if self.count else np.zeros(len(rows), np.int64)
        last = np.where(inside, self.starts[np.minimum(rows + 1, self.count)], first)
        return ragged(first, last)


def starts_of(lengths: Longs) -> Longs:
    """Return where each row begins, and the end of the last, given the rows' lengths."""
    starts = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=starts[1:])
    return starts


def ragged(first: Longs, last: Longs) -> tuple[Longs, Longs]:
    """Return every integer of the half-open ranges, and which range each belongs to.

    >>> [part.tolist() for part in ragged(np.array([5, 0]), np.array([7, 1]))]
    [[5, 6, 0], [0, 0, 1]]
    """
    lengths = last - first
    owners = np.repeat(np.arange(len(lengths)), lengths)
    before = np.cumsum(lengths) - lengths
    return np.arange(len(owners)) + (first - before)[owners], owners


def strongest(rows: Rows, kept: int) -> Rows:
    """Return the table with only the `kept` largest values of each row, columns in rising order.

    >>> strongest(Rows.of([[(0, 1.0), (1, 3.0), (2, 2.0)]]), 2).row(0)[0].tolist()
    [1, 2]
    """
    lengths = np.diff(rows.starts)
    if not len(lengths) or lengths.max() <= kept:
        return rows
    owners = np.repeat(np.arange(rows.count), lengths)
    order = np.lexsort((-rows.values, owners))
    rank = np.arange(len(order)) - rows.starts[:-1][owners]
    chosen = np.sort(order[rank < kept])
    return Rows(starts_of(np.minimum(lengths, kept)), rows.columns[chosen], rows.values[chosen])


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of some items; every item left out has a score of 0. `items` rise and are distinct.

    >>> Scored.summed(np.array([3, 1, 3]), np.array([1.0, 2.0, 0.5]), items_total=5).values.tolist()
    [2.0, 1.5]
    """

    items: Ints
    values: Doubles
    spread: float | None = None  # the deviation over all items, where a source handed on only the best

    @classmethod
    def none(cls) -> Scored:
        """Return no scores at all."""
        return cls(np.zeros(0, np.int32), np.zeros(0, np.float64))

    @classmethod
    def summed(cls, items: Ints | Longs, values: NDArray[np.floating], *, items_total: int) -> Scored:
        """Return the sums of the values per item."""
        if not len(items):
            return cls.none()
        if len(items) * DENSE_SHARE >= items_total:
            sums: Doubles = np.bincount(items, weights=values, minlength=items_total).astype(np.float64, copy=False)
            touched = np.zeros(len(sums), np.bool_)
            touched[items] = True
            found = np.flatnonzero(touched)
            return cls(found.astype(np.int32), sums[found])
        distinct, places = np.unique(items, return_inverse=True)
        totals: Doubles = np.bincount(places, weights=values).astype(np.float64, copy=False)
        return cls(distinct.astype(np.int32), totals)

    def deviation(self, items_total: int) -> float:
        """Return the standard deviation over all `items_total` items, those left out counting as 0."""
        if self.spread is not None:
            return self.spread
        if not len(self.values) or items_total < 1:
            return 0.0
        mean = self.values.sum() / items_total
        return float(np.sqrt(max(np.dot(self.values, self.values) / items_total - mean * mean, 0.0)))

    def dense(self, items_total: int) -> Doubles:
        """Return one score per item, 0 where none was given."""
        scores = np.zeros(items_total, np.float64)
        scores[self.items] = self.values
        return scores

    def best(self, count: int) -> Scored:
        """Return the `count` highest scores, still in order of item."""
        if len(self.items) <= count:
            return self
        chosen = np.sort(np.argpartition(-self.values, count - 1)[:count])
        return Scored(self.items[chosen], self.values[chosen])
