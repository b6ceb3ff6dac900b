"""Which items do the same people like, in a catalogue too large for EASE? Implicit alternating least squares.

Loss Σ_seen (1 − s)² + α₀ Σ_all s², with regularisation λ (frequency + α₀ · others)^ν, after Rendle, Krichene, Zhang and
Koren (2021), "Revisiting the Performance of iALS on Item Recommendation Benchmarks". A customer is folded in on the
fly, so nobody waits for training; the score stays linear in the items, so its reasons are exact.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regulars.recommend.core.histories import Histories
from regulars.recommend.core.rows import Doubles, Floats, Ints, Longs, Scored, ragged, starts_of

DIMENSIONS = 64
REGULARISATION = 0.003  # best of .003, .01, .03 on MovieLens-1M; decisions/long-term-taste says how steep it is
UNSEEN_WEIGHT = 1.0  # α₀; best of .1, .3, 1
FREQUENCY_EXPONENT = 1.0
ALTERNATIONS = 10
ENTRIES_A_TIME = 65_536
STANDING_OUT = 2.0
HANDED_ON_MIN = 500


@dataclass(frozen=True, slots=True)
class IalsShape:
    """How a model is learned; the defaults are what was best on MovieLens-1M's validation customers."""

    dimensions: int = DIMENSIONS
    regularisation: float = REGULARISATION
    unseen_weight: float = UNSEEN_WEIGHT
    alternations: int = ALTERNATIONS


DEFAULT_SHAPE = IalsShape()


class Ials:
    """Item vectors and their Gram matrix: everything that is needed to fold a customer in.

    `proposing` are the items that taste may bring up by itself; left out, all. Others are scored when asked for.
    """

    def __init__(
        self,
        vectors: NDArray[np.float32],
        gram: Doubles,
        *,
        regularisation: float = REGULARISATION,
        unseen_weight: float = UNSEEN_WEIGHT,
        proposing: Ints | None = None,
    ) -> None:
        self.vectors = vectors
        self._proposing = proposing
        self._proposed = vectors if proposing is None else np.ascontiguousarray(vectors[proposing])
        self.gram = gram
        self.regularisation = regularisation
        self.unseen_weight = unseen_weight

    @property
    def items_total(self) -> int:
        """How many items are known."""
        return len(self.vectors)

    def scores(self, items: Ints, weights: Floats, also: Ints | None = None) -> Scored:
        """Return the scores of the items that fit best, and of those asked for `also`: one half-step of training.

        Of the proposing items, all are scored, and those handed on that stand out by two deviations, as they alone can
        come first. The deviation is that of all the proposing ones.
        """
        solver, seen = self._system(items, weights)
        customer = np.linalg.solve(solver, (weights[:, None] * seen).sum(axis=0)).astype(np.float32)
        scores = self._proposed @ customer
        mean, spread = float(scores.mean()), float(scores.std())
        chosen: Longs = np.flatnonzero(scores > mean + STANDING_OUT * spread)
        if len(chosen) < HANDED_ON_MIN:
            chosen = np.argpartition(-scores, min(HANDED_ON_MIN, len(scores)) - 1)[:HANDED_ON_MIN]
        named = np.zeros(self.items_total, np.bool_)
        named[chosen if self._proposing is None else self._proposing[chosen]] = True
        if also is not None:
            named[also[also < self.items_total]] = True
        distinct = np.flatnonzero(named).astype(np.int32)
        return Scored(distinct, (self.vectors[distinct] @ customer).astype(np.float64), spread)

    def contributions(self, items: Ints, weights: Floats, targets: Ints) -> Doubles:
        """Return what each query item gives to each target, shape (items, targets); columns sum to the scores."""
        solver, seen = self._system(items, weights)
        half = np.linalg.solve(solver, (weights[:, None] * seen).T)
        result: Doubles = (half.T @ self.vectors[targets].T).astype(np.float64)
        return result

    def _system(self, items: Ints, weights: Floats) -> tuple[Doubles, Doubles]:
        seen = self.vectors[items].astype(np.float64)
        ridge = self.regularisation * (weights.sum() + self.unseen_weight * self.items_total) ** FREQUENCY_EXPONENT
        solver: Doubles = self.unseen_weight * self.gram + (seen * weights[:, None]).T @ seen
        solver[np.diag_indices_from(solver)] += ridge
        return solver, seen


def train_ials(
    histories: Histories,
    items_total: int,
    *,
    shape: IalsShape = DEFAULT_SHAPE,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Ials:
    """Return item vectors learned by alternating least squares.

    Parameters
    ----------
    histories
        Each distinct item of a customer counts once.
    progress
        Called with (alternations done, of how many) after each.

    """
    pairs = np.unique(histories.owners() * np.int64(items_total) + histories.items)
    owners, items = pairs // items_total, pairs % items_total
    by_customer = (starts_of(np.bincount(owners, minlength=histories.customers)), items)
    order = np.argsort(items, kind="stable")
    by_item = (starts_of(np.bincount(items, minlength=items_total)), owners[order])
    chance = np.random.default_rng(seed)
    spread = 0.1 / np.sqrt(shape.dimensions)
    vectors = chance.normal(0.0, spread, (items_total, shape.dimensions)).astype(np.float32)
    people = np.zeros((histories.customers, shape.dimensions), np.float32)
    for step in range(shape.alternations):
        _half_step(people, vectors, *by_customer, shape)
        _half_step(vectors, people, *by_item, shape)
        progress(step + 1, shape.alternations)
    gram = vectors.astype(np.float64).T @ vectors.astype(np.float64)
    return Ials(vectors, gram, regularisation=shape.regularisation, unseen_weight=shape.unseen_weight)


def _half_step(
    solved: NDArray[np.float32],
    fixed: NDArray[np.float32],
    starts: Longs,
    neighbours: Longs,
    shape: IalsShape,
) -> None:
    gram = shape.unseen_weight * (fixed.T @ fixed)
    lengths = np.diff(starts)
    ridges = shape.regularisation * (lengths + shape.unseen_weight * len(fixed)) ** FREQUENCY_EXPONENT
    for rows in _groups(lengths):
        width = int(lengths[rows].max(initial=0))
        if width == 0:
            solved[rows] = 0.0
            continue
        flat, owner = ragged(starts[rows], starts[rows + 1])
        seen = np.zeros((len(rows), width, fixed.shape[1]), np.float32)
        seen[owner, flat - starts[rows][owner]] = fixed[neighbours[flat]]
        systems = gram + seen.transpose(0, 2, 1) @ seen
        systems[:, np.arange(fixed.shape[1]), np.arange(fixed.shape[1])] += ridges[rows][:, None].astype(np.float32)
        solved[rows] = np.linalg.solve(systems, seen.sum(axis=1)[..., None])[..., 0]


def _groups(lengths: Longs) -> list[Longs]:
    """Return the rows in groups of like length, so that little is padded."""
    order = np.argsort(lengths, kind="stable")
    groups, start = [], 0
    while start < len(order):
        size = max(1, ENTRIES_A_TIME // max(int(lengths[order[start]]), 1))
        end = min(start + min(size, 1024), len(order))
        while end - start > 1 and int(lengths[order[end - 1]]) * (end - start) > 2 * ENTRIES_A_TIME:
            end = start + (end - start + 1) // 2
        groups.append(order[start:end])
        start = end
    return groups
