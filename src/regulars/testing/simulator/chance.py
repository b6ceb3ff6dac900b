"""Chance that falls the same way on every machine.

Python's Mersenne Twister gives the same numbers everywhere; logarithms and powers may differ in their last bit from one
C library to the next. So every draw here is a comparison of whole numbers or a straight line between two points of a
table, and weights are rounded to whole numbers before they are used.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise
from random import Random
from typing import Generic, TypeVar

T = TypeVar("T")

Quantiles = Sequence[tuple[float, float]]  # (probability, value), both rising, from 0 to 1

_WHOLE = 1_000_000_000  # weights are kept to nine digits


class Chance:
    """A stream of chance of its own, named by what it decides; other streams never disturb it.

    >>> Chance("seed 7", "ann").below(1000) == Chance("seed 7", "ann").below(1000)
    True
    """

    def __init__(self, *names: object) -> None:
        self._random = Random("\x1f".join(map(str, names)))

    def share(self) -> float:
        """Return a number in [0, 1)."""
        return self._random.random()

    def happens(self, probability: float) -> bool:
        """Return True with this probability."""
        return self._random.random() < probability

    def below(self, bound: int) -> int:
        """Return a whole number from 0 to `bound` - 1, all alike."""
        return int(self._random.random() * bound)

    def pick(self, choices: Sequence[T]) -> T:
        """Return one of the choices, all alike."""
        return choices[self.below(len(choices))]

    def draw(self, quantiles: Quantiles) -> float:
        """Return a number whose distribution has these quantiles, straight in between."""
        return at_quantile(quantiles, self._random.random())

    def shuffled(self, choices: Sequence[T]) -> list[T]:
        """Return the choices in any order, all orders alike."""
        mixed = list(choices)
        for last in range(len(mixed) - 1, 0, -1):
            other = self.below(last + 1)
            mixed[last], mixed[other] = mixed[other], mixed[last]
        return mixed


class Weights(Generic[T]):
    """Choices of which some are likelier than others.

    >>> Weights(["never", "always"], [0, 1]).pick(Chance("x"))
    'always'
    """

    def __init__(self, choices: Sequence[T], weights: Sequence[float]) -> None:
        assert len(choices) == len(weights), "each choice has a weight"
        heaviest = max(weights)
        self.choices = list(choices)
        self._cumulative = list(accumulate(round(weight / heaviest * _WHOLE) for weight in weights))

    def pick(self, chance: Chance) -> T:
        """Return one choice."""
        return self.choices[bisect_right(self._cumulative, chance.below(self._cumulative[-1]))]


def zipf_weights(count: int, slope: float) -> list[float]:
    """Return weights rank^slope for ranks 1 to `count`.

    >>> zipf_weights(3, -1.0)
    [1.0, 0.5, 0.333333333]
    """
    return [round(float(rank**slope), 9) for rank in range(1, count + 1)]


def at_quantile(quantiles: Quantiles, probability: float) -> float:
    """Return the value below which this share lies.

    >>> at_quantile([(0, 0), (0.5, 10), (1, 30)], 0.75)
    20.0
    """
    for (low, low_value), (high, high_value) in pairwise(quantiles):
        if probability <= high:
            return low_value + (high_value - low_value) * (probability - low) / (high - low)
    return quantiles[-1][1]
