"""What a person does with a slate: which place is looked at, and whether what stands there is taken.

The examination model (Craswell, Zoeter, Taylor, Ramsey 2008): a click needs a look, which depends on the place alone,
and a liking, which depends on the person and the item alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from regulars.testing.simulator.chance import Chance
from regulars.testing.simulator.parameters import Slates

# A liked item is taken this much likelier than one that is not. With the third or so of items that are to a person's
# taste at random, the mean over all items is `click_probability_mean`.
LIKED_RATIO = 8.0
LIKED_SHARE = 0.3


def examined_probability(slates: Slates, position: int) -> float:
    """Return how likely a place is looked at; places count from 1.

    >>> from regulars.testing.simulator.parameters import load_parameters
    >>> [round(examined_probability(load_parameters().slates, place), 2) for place in (1, 3, 7, 15)]
    [1.0, 1.0, 0.67, 0.5]
    """
    if position <= len(slates.examined):
        return slates.examined[position - 1]
    return min(2 / math.log2(1 + position), slates.examined[-1])


def click_probability(slates: Slates, *, likes: bool) -> float:
    """Return how likely a person takes an item they look at."""
    other = slates.click_probability_mean / (1 - LIKED_SHARE + LIKED_RATIO * LIKED_SHARE)
    return min(other * LIKED_RATIO if likes else other, slates.click_probability_max)


def clicked(slates: Slates, likings: Sequence[bool], chance: Chance) -> int | None:
    """Return the place, from 1, that is clicked, walking down the slate; None when none is."""
    for position, likes in enumerate(likings, 1):
        looks = examined_probability(slates, position)
        if chance.happens(looks * click_probability(slates, likes=likes)):
            return position
    return None
