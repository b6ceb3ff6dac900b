"""What did each customer do, in order? Raw interactions become clean sequences.

Within one customer, interactions are ordered by time, then by arrival. Repeats in a row are one step. What was put
aside (skipped, removed, rated low) and not taken up again at once is no step at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regulars.recommend.core.rows import Floats, Ints, Longs, ragged, starts_of


@dataclass(frozen=True, slots=True)
class Histories:
    """Every customer's steps, oldest first: row `c` is `starts[c]:starts[c+1]`.

    `first_us` is when a step began (its first interaction), `last_us` when it was last touched.
    """

    starts: Longs
    items: Ints
    first_us: Longs
    last_us: Longs

    @property
    def customers(self) -> int:
        """How many customers there are, those without a step included."""
        return len(self.starts) - 1

    def of(self, customer: int) -> Ints:
        """Return the items of one customer's steps, oldest first."""
        return self.items[self.starts[customer] : self.starts[customer + 1]]

    def owners(self) -> Longs:
        """Return for each step whose it is."""
        return np.repeat(np.arange(self.customers), np.diff(self.starts))

    def cut(self, lengths: Longs) -> Histories:
        """Return only the first `lengths[c]` steps of each customer."""
        kept, _ = ragged(self.starts[:-1], self.starts[:-1] + np.minimum(lengths, np.diff(self.starts)))
        return Histories(
            starts_of(np.minimum(lengths, np.diff(self.starts))),
            self.items[kept],
            self.first_us[kept],
            self.last_us[kept],
        )

    def chosen(self, customers: Longs) -> Histories:
        """Return only these customers, numbered anew in the order given."""
        kept, _ = ragged(self.starts[customers], self.starts[customers + 1])
        lengths = np.diff(self.starts)[customers]
        return Histories(starts_of(lengths), self.items[kept], self.first_us[kept], self.last_us[kept])


def histories(*, customers: Longs, items: Ints, at_us: Longs, strengths: Floats, customers_total: int) -> Histories:
    """Return the steps of every customer from interactions given in order of arrival.

    A run of interactions with one item is one step; the last of the run decides whether it counts: a strength below
    0 takes the whole run away. Steps that are now side by side with the same item stay two steps.

    >>> then = histories(customers=np.array([0, 0, 0, 0]), items=np.array([5, 7, 7, 8], np.int32),
    ...     at_us=np.array([30, 10, 11, 20]), strengths=np.array([1, 1, 1, -0.5], np.float32), customers_total=1)
    >>> then.of(0).tolist()
    [7, 5]
    """
    order = np.lexsort((np.arange(len(items)), at_us, customers))
    customers, items, at_us, strengths = customers[order], items[order], at_us[order], strengths[order]
    if not len(items):
        return Histories(np.zeros(customers_total + 1, np.int64), items, at_us, at_us)
    changed = (customers[1:] != customers[:-1]) | (items[1:] != items[:-1])
    first = np.concatenate(([0], np.flatnonzero(changed) + 1))
    last = np.concatenate((first[1:], [len(items)])) - 1
    counts = strengths[last] >= 0
    first, last = first[counts], last[counts]
    lengths = np.bincount(customers[first], minlength=customers_total)
    return Histories(starts_of(lengths), items[first], at_us[first], at_us[last])


def latest_distinct(steps: Ints, count: int) -> Ints:
    """Return the last `count` distinct items of a sequence, oldest first, each at its latest place.

    >>> latest_distinct(np.array([1, 2, 1, 3], np.int32), 2).tolist()
    [1, 3]
    """
    kept: list[int] = []
    seen: set[int] = set()
    for item in steps[::-1].tolist():
        if item not in seen:
            seen.add(item)
            kept.append(item)
            if len(kept) == count:
                break
    return np.array(kept[::-1], dtype=np.int32)


def recency_weights(count: int, half_life: float) -> Floats:
    """Return a weight per item, oldest first: 1 for the latest, half as much `half_life` items earlier.

    >>> recency_weights(3, half_life=1).tolist()
    [0.25, 0.5, 1.0]
    """
    ages = np.arange(count - 1, -1, -1, dtype=np.float32)
    weights: Floats = np.power(np.float32(0.5), ages / np.float32(half_life))
    return weights
