"""What do customers turn to after this? Directed co-occurrence, decayed with distance.

For each pair at distance g = 1 … 10 in one customer's order, A[i→j] grows by 0.8^(g−1). The score of j after i is
A_ij / (out_i^0.85 · into_j^0.15 + 1), with `out` and `into` the sums of A over rows and columns. All of it is counting,
so it can be kept current event by event (`regulars.recommend.engine`). Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from regulars.recommend.core.histories import Histories
from regulars.recommend.core.rows import Doubles, Floats, Longs, Rows, strongest

WINDOW = 10  # best of 3, 5, 10, 20 on MovieLens-1M's validation items; decisions/engine-zero
DECAY = 0.8
OUT_EXPONENT = 0.85  # best of .5, .7, .85, 1 there
INTO_EXPONENT = 0.15
SHRINK = 1.0
HALF_LIFE_ITEMS = 1.5  # how fast earlier items of the customer count less; best of 1 to 2.5 and flat; decisions/blend
QUERY_ITEMS = 20  # 0.5^(20/2) is a thousandth of the latest item's weight
PAIRS_A_TIME = 4_000_000  # bounds memory while counting: some 100 MB


@dataclass(frozen=True, slots=True)
class Transitions:
    """Counts of what follows what: the table A, and its sums over rows and over columns."""

    counts: Rows
    out: Doubles
    into: Doubles

    @property
    def items_total(self) -> int:
        """How many items are known."""
        return len(self.out)

    def pruned(self, kept: int) -> Transitions:
        """Return the counts with only the `kept` best followers of each item; the sums stay whole."""
        by_score = Rows(self.counts.starts, self.counts.columns, self._scores())
        order = strongest(
            Rows(by_score.starts, np.arange(len(by_score.columns), dtype=np.int32), by_score.values), kept
        )
        places = order.columns
        counts = Rows(order.starts, self.counts.columns[places], self.counts.values[places])
        return Transitions(counts, self.out, self.into)

    def scored(self) -> Rows:
        """Return the table of scores P in place of the counts A."""
        return Rows(self.counts.starts, self.counts.columns, self._scores())

    def _scores(self) -> Floats:
        owners = np.repeat(np.arange(self.counts.count), np.diff(self.counts.starts))
        weights = denominators(self.out, self.into[self.counts.columns], owners)
        return (self.counts.values / weights).astype(np.float32)


def denominators(out: Doubles, into: Doubles, owners: Longs) -> Doubles:
    """Return what each count is divided by to become a score; `owners` says from which of `out` it comes."""
    result: Doubles = np.power(out, OUT_EXPONENT)[owners] * np.power(into, INTO_EXPONENT) + SHRINK
    return result


def count_transitions(histories: Histories, items_total: int) -> Transitions:
    """Count what follows what in all histories.

    >>> from regulars.recommend.core.histories import Histories
    >>> steps = np.array([0, 1, 2], np.int32)
    >>> then = count_transitions(Histories(np.array([0, 3]), steps, steps, steps), 3)
    >>> then.counts.row(0)[0].tolist(), then.counts.row(0)[1].tolist()
    ([1, 2], [1.0, 0.8...])
    """
    from scipy import sparse

    total = sparse.csr_array((items_total, items_total), dtype=np.float64)
    for part in _parts(histories):
        rows, columns, values = _pairs(part)
        pairs = sparse.coo_array((values, (rows, columns)), shape=(items_total, items_total))
        total = total + pairs.tocsr()
    total.sum_duplicates()
    counts = Rows(total.indptr.astype(np.int64), total.indices.astype(np.int32), total.data.astype(np.float32))
    return Transitions(counts, np.asarray(total.sum(axis=1)).ravel(), np.asarray(total.sum(axis=0)).ravel())


def _parts(histories: Histories) -> list[Histories]:
    steps_a_time = PAIRS_A_TIME // WINDOW
    if len(histories.items) <= steps_a_time:
        return [histories]
    bounds = np.searchsorted(histories.starts, np.arange(0, len(histories.items), steps_a_time), side="right") - 1
    edges = np.unique(np.concatenate((bounds, [histories.customers])))
    return [histories.chosen(np.arange(low, high)) for low, high in pairwise(edges)]


def _pairs(histories: Histories) -> tuple[Doubles, Doubles, Doubles]:
    owners, items = histories.owners(), histories.items
    rows, columns, values = [], [], []
    for distance in range(1, min(WINDOW, max(len(items) - 1, 0)) + 1):
        together = (owners[distance:] == owners[:-distance]) & (items[distance:] != items[:-distance])
        rows.append(items[:-distance][together])
        columns.append(items[distance:][together])
        values.append(np.full(int(together.sum()), DECAY ** (distance - 1)))
    if not rows:
        return np.zeros(0), np.zeros(0), np.zeros(0)
    return np.concatenate(rows), np.concatenate(columns), np.concatenate(values)
