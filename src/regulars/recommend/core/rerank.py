"""In which order are candidates shown? Less of what everybody knows, more variety, never too much of one tag.

Popularity penalty: score − novelty · ln(1 + count), with scores in standard deviations. Maximal marginal relevance
over the best 50 (Carbonell and Goldstein 1998), likeness being the cosine of the tags. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from regulars.recommend.core.rows import Doubles

POOL = 50  # MMR looks at this many, or three times the count


def penalised(scores: Doubles, counts: Doubles, novelty: float) -> Doubles:
    """Return scores with the popular held back.

    >>> penalised(np.array([1.0, 1.0]), np.array([0.0, np.e - 1]), 0.4).tolist()
    [1.0, 0.6]
    """
    return scores - novelty * np.log1p(counts)


def choose(
    scores: Doubles,
    tags: Sequence[frozenset[int]],
    *,
    count: int,
    diversity: float = 0.0,
    capped: Sequence[frozenset[int]] = (),
    most_per_tag: int | None = None,
) -> list[int]:
    """Return the places of the items to show, best first.

    Parameters
    ----------
    scores
        Shape (items,), higher is better; ties go to the earlier place.
    tags
        The tags of each item, for likeness.
    diversity
        0 keeps the order of the scores; 1 looks at variety alone (λ = 1 − diversity).
    capped, most_per_tag
        No tag of `capped` stands on more than `most_per_tag` of the items chosen.

    """
    order = np.lexsort((np.arange(len(scores)), -scores))
    pool = order[: max(POOL, 3 * count)] if diversity > 0 or most_per_tag is None else order
    ranked: list[int] = _diversified(scores, tags, pool, count, diversity) if diversity > 0 else pool.tolist()
    if most_per_tag is None:
        return ranked[:count]
    chosen = _within_caps(ranked, capped, count, most_per_tag)
    if len(chosen) < count:  # the pool was too uniform: go on down the list
        taken = set(ranked)
        chosen = _within_caps([*ranked, *(place for place in order.tolist() if place not in taken)], capped, count,
                              most_per_tag)  # fmt: skip
    return chosen


def _diversified(
    scores: Doubles, tags: Sequence[frozenset[int]], pool: NDArray[np.int64], count: int, diversity: float
) -> list[int]:
    """Return the pool in the order of maximal marginal relevance; after `count` of them, in the order of scores."""
    worth = scores[pool]
    spread = worth.max(initial=0.0) - worth.min(initial=0.0)
    worth = (worth - worth.min(initial=0.0)) / spread if spread > 0 else np.ones(len(pool))
    alike = likeness([tags[place] for place in pool])
    nearest = np.zeros(len(pool))
    left = np.ones(len(pool), np.bool_)
    chosen: list[int] = []
    for _ in range(min(count, len(pool))):
        marginal = np.where(left, (1 - diversity) * worth - diversity * nearest, -np.inf)
        best = int(marginal.argmax())
        left[best] = False
        chosen.append(int(pool[best]))
        np.maximum(nearest, alike[best], out=nearest)
    rest: list[int] = pool[left].tolist()
    return chosen + rest


def likeness(tags: Sequence[frozenset[int]]) -> Doubles:
    """Return the cosine of every two items' sets of tags; 0 where one has none.

    >>> likeness([frozenset({1, 2}), frozenset({2}), frozenset()]).round(2).tolist()
    [[1.0, 0.71, 0.0], [0.71, 1.0, 0.0], [0.0, 0.0, 0.0]]
    """
    known: dict[int, int] = {}
    rows = [place for place, words in enumerate(tags) for _ in words]
    columns = [known.setdefault(tag, len(known)) for words in tags for tag in words]
    vectors = np.zeros((len(tags), max(len(known), 1)))
    vectors[rows, columns] = [len(words) ** -0.5 for words in tags for _ in words]
    cosine: Doubles = vectors @ vectors.T
    return cosine


def _within_caps(ranked: Sequence[int], capped: Sequence[frozenset[int]], count: int, most: int) -> list[int]:
    used: dict[int, int] = {}
    chosen: list[int] = []
    for place in ranked:
        if len(chosen) == count:
            break
        if all(used.get(tag, 0) < most for tag in capped[place]):
            chosen.append(place)
            for tag in capped[place]:
                used[tag] = used.get(tag, 0) + 1
    return chosen
