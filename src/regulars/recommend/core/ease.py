"""Which items do the same people like in the long run? EASE: one linear model, solved in closed form.

B = I − P / diag(P) with P = (XᵀX + λI)⁻¹, X the binary customer × item table (Steck 2019, "Embarrassingly Shallow
Autoencoders for Sparse Data"). Recency belongs in the serving input: the customer's vector decays with a half-life of
5 items, which takes NDCG@10 on MovieLens-1M from .054 to .125 (decisions/long-term-taste).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regulars.recommend.core.histories import Histories
from regulars.recommend.core.rows import Doubles, Floats, Ints, Rows, Scored, starts_of

LAMBDA = 500.0  # best at the top 100 on MovieLens-1M's validation items; flat between 200 and 1000
LAMBDA_STRONG = 300.0  # for customers never met: best with DROPOUT_STRONG of 19 pairs tried
DROPOUT_STRONG = 0.5  # +.0035 NDCG@100 on MovieLens-1M's validation customers; no gain in the blend, which uses none
HALF_LIFE_ITEMS = 5.0  # best of 5, 10, 20, 40 and none
QUERY_ITEMS = 40  # the last 40 items give the same result as the whole history
ROWS_A_TIME = 512


class Ease:
    """The whole matrix B, C-ordered, so that a customer's row sum is a gather."""

    def __init__(self, matrix: NDArray[np.float32]) -> None:
        self.matrix = matrix

    @property
    def items_total(self) -> int:
        """How many items are known."""
        return len(self.matrix)

    def scores(self, items: Ints, weights: Floats, also: Ints | None = None) -> Scored:  # noqa: ARG002 (gives all there are)
        """Return a score for every item."""
        scores = weights @ self.matrix[items]
        return Scored(np.arange(self.items_total, dtype=np.int32), scores.astype(np.float64))

    def contributions(self, items: Ints, weights: Floats, targets: Ints) -> Doubles:
        """Return what each query item gives to each target, shape (items, targets)."""
        table: Doubles = weights[:, None].astype(np.float64) * self.matrix[np.ix_(items, targets)]
        return table

    def pruned(self, kept: int) -> Rows:
        """Return the `kept` strongest positive targets of each source item."""
        total = self.items_total
        kept = min(kept, total)
        columns, values, lengths = [], [], []
        for start in range(0, total, ROWS_A_TIME):
            part = self.matrix[start : start + ROWS_A_TIME]
            chosen = np.sort(np.argpartition(-part, kept - 1, axis=1)[:, :kept], axis=1)
            strengths = np.take_along_axis(part, chosen, axis=1)
            positive = strengths > 0
            columns.append(chosen[positive].astype(np.int32))
            values.append(strengths[positive])
            lengths.append(positive.sum(axis=1))
        if not columns:
            return Rows.empty()
        return Rows(starts_of(np.concatenate(lengths)), np.concatenate(columns), np.concatenate(values))


def train_ease(histories: Histories, items_total: int, *, weight_decay: float = LAMBDA, dropout: float = 0.0) -> Ease:
    """Return the model of who-likes-what, whatever the order.

    Parameters
    ----------
    histories
        Each distinct item of a customer counts once.
    items_total
        Items without any customer get a row and a column of zeros.
    weight_decay
        λ, in customers: how many it takes to believe a likeness.
    dropout
        Learn as if this share of each customer's items were hidden (Steck 2020, "Autoencoders that don't overfit
        towards the Identity"): a ridge that grows with an item's popularity.

    """
    from scipy.linalg import lapack

    gram = co_occurrence(histories, items_total)
    present = np.flatnonzero(gram.diagonal() > 0)
    dense = gram[present][:, present].toarray().astype(np.float32)
    popularity = np.diag(dense).copy()
    dense[np.diag_indices_from(dense)] += np.float32(weight_decay) + np.float32(dropout / (1 - dropout)) * popularity
    factor, fault = lapack.spotrf(dense.T, lower=1, overwrite_a=1)  # the transpose: LAPACK works in column order
    assert fault == 0, "a Gram matrix with a positive ridge has a Cholesky factor"
    inverse, fault = lapack.spotri(factor, lower=1, overwrite_c=1)
    assert fault == 0, "a Cholesky factor can be inverted"
    return Ease(_weights(inverse, present, items_total))


def _weights(lower: NDArray[np.float32], present: NDArray[np.int64], items_total: int) -> NDArray[np.float32]:
    inverse = np.tril(lower)
    inverse += np.tril(inverse, -1).T
    inverse /= -np.diag(inverse)
    np.fill_diagonal(inverse, 0.0)
    if len(present) == items_total:
        return np.ascontiguousarray(inverse, dtype=np.float32)
    matrix = np.zeros((items_total, items_total), np.float32)
    matrix[np.ix_(present, present)] = inverse
    return matrix


def co_occurrence(histories: Histories, items_total: int):  # type: ignore[no-untyped-def]  # scipy's sparse arrays carry no usable element type
    """Return how many customers touched both items, as a sparse table; the diagonal has each item's customers."""
    from scipy import sparse

    keys = np.unique(histories.owners() * np.int64(items_total) + histories.items)
    shape = (histories.customers, items_total)
    taken = sparse.csr_array((np.ones(len(keys), np.float32), (keys // items_total, keys % items_total)), shape=shape)
    return (taken.T @ taken).tocsr()
