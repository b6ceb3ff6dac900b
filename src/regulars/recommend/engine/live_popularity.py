"""What is popular and what is rising, up to the last event? Decayed counts, for everybody and for each crowd."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regulars.recommend.core.popular import (
    EXPONENT_MAX,
    POPULAR_HALF_LIFE_US,
    TRENDING_HALF_LIFE_US,
    crowd_popularity,
    excess,
    forward_weight,
)
from regulars.recommend.core.rows import Doubles, Floats
from regulars.recommend.engine.growing import GrowingVector

FRESH_SHARE = 1_000  # an order is sorted anew after a thousandth of all interactions, at the latest


@dataclass(frozen=True, slots=True)
class PopularityBase:
    """Popularity as training left it; decayed sums are weighed as seen from `landmark_us`."""

    landmark_us: int
    latest_us: int
    counts: NDArray[np.float64]
    popular: Doubles
    trending: Doubles
    crowds: Mapping[int, Doubles | Floats]


class LivePopularity:
    """Counts that are current after every event."""

    def __init__(self, base: PopularityBase | None = None) -> None:
        self._landmark_us = base.landmark_us if base else None
        self.latest_us = base.latest_us if base else 0
        self._counts = GrowingVector(base.counts if base else None)
        self._popular = GrowingVector(base.popular if base else None)
        self._trending = GrowingVector(base.trending if base else None)
        self._crowds_base = dict(base.crowds) if base else {}
        self._crowds: dict[int, GrowingVector] = {}
        self._items_total = 0
        self.changes = 0

    @property
    def counts(self) -> Doubles:
        """How many steps were taken to each item, ever."""
        return self._counts.values

    def fit(self, items_total: int) -> None:
        """Make room for this many items."""
        self._items_total = max(self._items_total, items_total)
        for vector in (self._counts, self._popular, self._trending):
            vector.fit(items_total)

    def see(self, at_us: int) -> None:
        """Know that it is at least this late: decay is seen from the latest interaction of all."""
        self.latest_us = max(self.latest_us, at_us)

    def add(self, item: int, at_us: int, crowd: int, count: float = 1.0) -> None:
        """Count one step, or take one back."""
        if self._landmark_us is None:
            self._landmark_us = at_us
        landmark_us = self._landmark_us
        weight = count * forward_weight(at_us, landmark_us=landmark_us, half_life_us=POPULAR_HALF_LIFE_US)
        self._counts.add(item, count)
        self._popular.add(item, weight)
        rise = count * forward_weight(at_us, landmark_us=landmark_us, half_life_us=TRENDING_HALF_LIFE_US)
        self._trending.add(item, rise)
        if crowd:
            self._crowd(crowd).add(item, weight)
        self.changes += 1
        if (at_us - landmark_us) / TRENDING_HALF_LIFE_US > EXPONENT_MAX:
            self._move_landmark(at_us)

    def popularity(self, crowd: int) -> Doubles:
        """Return each item's share of interest in a crowd, leaning on everybody's while the crowd is small."""
        everybody = np.maximum(self._popular.values[: self._items_total], 0.0)
        total = float(everybody.sum())
        if not crowd or (crowd not in self._crowds and crowd not in self._crowds_base):
            return everybody / max(total, 1e-300)
        own = np.maximum(self._crowd(crowd).values[: self._items_total], 0.0)
        now = self._present(POPULAR_HALF_LIFE_US)
        return crowd_popularity(own * now, everybody, crowd_total=float(own.sum()) * now, everybody_total=total)

    def _crowd(self, crowd: int) -> GrowingVector:
        found = self._crowds.get(crowd)
        if found is None:
            found = self._crowds[crowd] = GrowingVector(self._crowds_base.get(crowd))
        found.fit(self._items_total)
        return found

    def rising(self) -> Doubles:
        """Return by how many standard deviations each item is above its usual daily rate."""
        recent = np.maximum(self._trending.values[: self._items_total], 0.0) * self._present(TRENDING_HALF_LIFE_US)
        usual = np.maximum(self._popular.values[: self._items_total], 0.0) * self._present(POPULAR_HALF_LIFE_US)
        return excess(recent, usual)

    def _present(self, half_life_us: int) -> float:
        if self._landmark_us is None:
            return 1.0
        return 1.0 / forward_weight(self.latest_us, landmark_us=self._landmark_us, half_life_us=half_life_us)

    def _move_landmark(self, to_us: int) -> None:
        assert self._landmark_us is not None, "a landmark that moves has stood somewhere"
        for crowd in self._crowds_base:
            self._crowd(crowd)
        for vectors, half_life_us in (
            ([self._popular, *self._crowds.values()], POPULAR_HALF_LIFE_US),
            ([self._trending], TRENDING_HALF_LIFE_US),
        ):
            factor = 1.0 / forward_weight(to_us, landmark_us=self._landmark_us, half_life_us=half_life_us)
            for vector in vectors:
                vector.scale(factor)
        self._landmark_us = to_us
