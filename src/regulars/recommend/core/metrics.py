"""How good is an order? Full ranking, ties at their mean rank, a figure per customer so that intervals follow. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from regulars.recommend.core.rows import Doubles, Flags, Ints, Scored

Z_95 = 1.959964  # the normal quantile of a two-sided 95 % interval


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean over customers (or queries) with its 95 % interval."""

    value: float
    low: float
    high: float
    count: int


def mean_with_interval(values: Doubles) -> Figure:
    """Return the mean and its normal 95 % interval.

    >>> mean_with_interval(np.array([0.0, 1.0, 1.0, 0.0])).value
    0.5
    """
    if not len(values):
        return Figure(0.0, 0.0, 0.0, 0)
    mean = float(values.mean())
    half = Z_95 * float(values.std(ddof=1)) / np.sqrt(len(values)) if len(values) > 1 else 0.0
    return Figure(mean, mean - half, mean + half, len(values))


def rank_of(target: int, scored: Scored, *, excluded: Flags) -> float:
    """Return the rank of one item among all items that are not excluded: 1 is the best, ties share their mean.

    Items without a score count as 0, so a target that nobody scored stands in the middle of all of those.

    >>> rank_of(2, Scored(np.array([0, 1], np.int32), np.array([3.0, 1.0])), excluded=np.zeros(4, bool))
    3.5
    """
    known = ~excluded[scored.items]
    values = scored.values[known]
    place = np.searchsorted(scored.items, target)
    is_scored = place < len(scored.items) and scored.items[place] == target
    own = float(scored.values[place]) if is_scored else 0.0
    above = int((values > own).sum())
    level = int((values == own).sum())
    silent = int((~excluded).sum()) - len(values)
    above += silent if own < 0 else 0
    level += silent if own == 0 else 0
    return above + 1 + (level - 1) / 2


def next_item_metrics(ranks: Doubles, cutoffs: tuple[int, ...]) -> Mapping[str, Doubles]:
    """Return HR, NDCG and MRR at each cutoff, one value per query, given the rank of the one right answer.

    >>> {name: values.tolist() for name, values in next_item_metrics(np.array([1.0, 3.0]), (2,)).items()}
    {'HR@2': [1.0, 0.0], 'NDCG@2': [1.0, 0.0], 'MRR@2': [1.0, 0.0]}
    """
    found: dict[str, Doubles] = {}
    for cutoff in cutoffs:
        hit = ranks <= cutoff
        found[f"HR@{cutoff}"] = hit.astype(np.float64)
        found[f"NDCG@{cutoff}"] = np.where(hit, 1.0 / np.log2(1.0 + ranks), 0.0)
        found[f"MRR@{cutoff}"] = np.where(hit, 1.0 / ranks, 0.0)
    return found


def set_metrics(order: Ints, targets: Ints, recall_cutoffs: tuple[int, ...], ndcg_cutoff: int) -> dict[str, float]:
    """Return Recall at each cutoff and NDCG at one, for one customer with several right answers.

    Recall divides by min(cutoff, right answers), after Liang et al. (2018).

    Parameters
    ----------
    order
        Items ranked, best first, at least as many as the largest cutoff.

    """
    hits = np.isin(order, targets)
    found = {f"Recall@{k}": float(hits[:k].sum()) / min(k, len(targets)) for k in recall_cutoffs}
    discounts = 1.0 / np.log2(np.arange(2, ndcg_cutoff + 2))
    ideal = float(discounts[: min(len(targets), ndcg_cutoff)].sum())
    gained = float((hits[:ndcg_cutoff] * discounts[: len(hits[:ndcg_cutoff])]).sum())
    found[f"NDCG@{ndcg_cutoff}"] = gained / ideal
    return found
