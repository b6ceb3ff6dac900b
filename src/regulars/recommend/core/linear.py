"""How well does each item fit a weighted set of items? The linear models, and the exact share of each reason.

A linear score is Σ x_i · M_ij over the items i the customer touched: the term of i *is* the contribution of i.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from regulars.recommend.core.rows import Doubles, Floats, Ints, Rows, Scored


class Linear(Protocol):
    """A model whose scores are sums of contributions of the items of the query."""

    def scores(self, items: Ints, weights: Floats, also: Ints | None = None) -> Scored:
        """Return the scores that these items, so weighted, give to others: to the best, and to those named `also`."""
        ...

    def contributions(self, items: Ints, weights: Floats, targets: Ints) -> Doubles:
        """Return what each query item gives to each target, shape (items, targets); columns sum to the scores."""
        ...


class RowsModel:
    """A linear model that is a table: row i says what i gives to each other item.

    >>> model = RowsModel(Rows.of([[(1, 0.5), (2, 1.0)], [(2, 4.0)]]), items_total=3)
    >>> query, weights = np.array([0, 1], np.int32), np.array([1.0, 0.5], np.float32)
    >>> model.scores(query, weights).values.tolist()
    [0.5, 3.0]
    >>> model.contributions(query, weights, np.array([2], np.int32)).tolist()
    [[1.0], [2.0]]
    """

    def __init__(self, rows: Rows, items_total: int) -> None:
        self.rows = rows
        self.items_total = items_total

    def scores(self, items: Ints, weights: Floats, also: Ints | None = None) -> Scored:  # noqa: ARG002 (gives all there are)
        """Return the scores that these items, so weighted, give to others."""
        columns, values, owners = self.rows.gather(items)
        return Scored.summed(columns, values * weights[owners], items_total=self.items_total)

    def contributions(self, items: Ints, weights: Floats, targets: Ints) -> Doubles:
        """Return what each query item gives to each target, shape (items, targets)."""
        columns, values, owners = self.rows.gather(items)
        return spread(columns, values * weights[owners], owners, targets=targets, queries=len(items))


def spread(
    columns: Ints,
    values: Floats | Doubles,
    owners: Ints | np.ndarray[tuple[int, ...], np.dtype[np.int64]],
    *,
    targets: Ints,
    queries: int,
) -> Doubles:
    """Return the values that fall on the targets as a table (query item, target)."""
    table = np.zeros((queries, len(targets)), np.float64)
    order = np.argsort(targets)
    places = np.searchsorted(targets, columns, sorter=order)
    places = np.minimum(places, max(len(targets) - 1, 0))
    if not len(targets) or not len(columns):
        return table
    hit = targets[order[places]] == columns
    np.add.at(table, (owners[hit], order[places[hit]]), values[hit])
    return table
