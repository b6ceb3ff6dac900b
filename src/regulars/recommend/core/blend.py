"""How do several sources of scores become one order? Each is measured in its own standard deviations, then weighed.

Score = Σ_s w_s · s / σ_s. Only the deviation σ_s matters to the order: subtracting each source's mean shifts all items
alike. So the blend stays linear, and the contributions of the customer's items stay exact.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from regulars.recommend.core.rows import Scored

# Best of a flat optimum on MovieLens-1M's validation items (.5, .6, .7 within .0005 NDCG@10); decisions/blend.
LONG_HISTORY: Mapping[str, float] = {"transitions": 0.6, "taste": 0.4}
# Of the last tenth of the training sessions of a shop and of a music service, .67 to .8 was best or within .002.
SHORT_HISTORY: Mapping[str, float] = {"sessions": 0.75, "transitions": 0.25}


def scales(parts: Mapping[str, Scored], weights: Mapping[str, float], *, items_total: int) -> dict[str, float]:
    """Return what each source's scores are multiplied by: its weight in units of its own deviation."""
    found = {}
    for name, scored in parts.items():
        deviation = scored.deviation(items_total)
        if deviation > 0 and weights.get(name, 0) > 0:
            found[name] = weights[name] / deviation
    return found


def blend(parts: Mapping[str, Scored], factors: Mapping[str, float], *, items_total: int) -> Scored:
    """Return the sum of the sources, each multiplied by its factor.

    >>> first = Scored(np.array([0, 2], np.int32), np.array([1.0, 3.0]))
    >>> second = Scored(np.array([2], np.int32), np.array([10.0]))
    >>> blend({"a": first, "b": second}, {"a": 2.0, "b": 0.1}, items_total=3).values.tolist()
    [2.0, 7.0]
    """
    used = [name for name in parts if name in factors and len(parts[name].items)]
    if not used:
        return Scored.none()
    items = np.concatenate([parts[name].items for name in used])
    values = np.concatenate([parts[name].values * factors[name] for name in used])
    return Scored.summed(items, values, items_total=items_total)
