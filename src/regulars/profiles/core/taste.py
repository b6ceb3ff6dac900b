"""How does taste fade? Exponentially: a strength loses half in each half-life, and two strengths simply add.

A taste is a strength and the moment it is measured at. Adding decays both to the later moment, so the order in which
things happened, arrived or were merged makes no difference (beyond the rounding of a float).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec

DAY_US = 86_400_000_000
TASTES_MAX = 400  # of one customer; the weakest go first


class Taste(msgspec.Struct, array_like=True):
    """How strongly a customer is drawn to a tag, as of the last event that said so; below 0 is dislike."""

    strength: float
    at_us: int


def add(taste: Taste, strength: float, at_us: int, half_life_us: float) -> None:
    """Let one more event count, whether it is newer or older than what is known.

    >>> fading = Taste(1.0, 0)
    >>> add(fading, 1.0, 14 * DAY_US, 14 * DAY_US)
    >>> fading.strength
    1.5
    """
    age_us = at_us - taste.at_us
    if age_us >= 0:
        taste.strength = taste.strength * 2.0 ** (-age_us / half_life_us) + strength
        taste.at_us = at_us
    else:
        taste.strength += strength * 2.0 ** (age_us / half_life_us)


def strength_at(taste: Taste, now_us: int, half_life_us: float) -> float:
    """Return how strong a taste is at a moment."""
    return taste.strength * math.exp2(-(now_us - taste.at_us) / half_life_us)


def merge(one: dict[str, Taste], other: Mapping[str, Taste], half_life_us: float) -> None:
    """Add the tastes of another customer."""
    for tag, taste in other.items():
        mine = one.get(tag)
        if mine is None:
            one[tag] = taste
        else:
            add(mine, taste.strength, taste.at_us, half_life_us)


def strongest(tastes: dict[str, Taste], half_life_us: float) -> dict[str, Taste]:
    """Return the tastes worth keeping: all, or the strongest `TASTES_MAX` likes and dislikes."""
    if len(tastes) <= TASTES_MAX:
        return tastes
    now_us = max(taste.at_us for taste in tastes.values())
    ranked = sorted(tastes.items(), key=lambda pair: (-abs(strength_at(pair[1], now_us, half_life_us)), pair[0]))
    return dict(ranked[:TASTES_MAX])


def strongest_word(tastes: Mapping[str, Taste], half_life_us: float) -> str:
    """Return the word of the tag a customer is drawn to most, without its kind; empty when nothing draws them.

    All tastes fade alike, so whichever is strongest stays so until another event: it can be kept beside the customer.

    >>> strongest_word({"genre:Folk": Taste(2.0, 0), "genre:Jazz": Taste(1.5, 14 * DAY_US)}, 14 * DAY_US)
    'Jazz'
    >>> strongest_word({"genre:Folk": Taste(-1.0, 0)}, 14 * DAY_US)
    ''
    """
    liked = [
        (-(math.log2(taste.strength) + taste.at_us / half_life_us), tag)
        for tag, taste in tastes.items()
        if taste.strength > 0
    ]
    return min(liked)[1].partition(":")[2] if liked else ""


def weights_of(tags: Sequence[tuple[str, str]]) -> list[tuple[str, float]]:
    """Return how much of an event's strength each of an item's tags takes: each kind shares it equally.

    A film of three genres says a third as much about each, so that much tagged items do not outweigh others.

    >>> weights_of([("genre", "Crime"), ("genre", "Drama"), ("director", "Mann")])
    [('genre:Crime', 0.5), ('genre:Drama', 0.5), ('director:Mann', 1.0)]
    """
    counts: dict[str, int] = {}
    for kind, _ in tags:
        counts[kind] = counts.get(kind, 0) + 1
    return [(f"{kind}:{value}", 1.0 / counts[kind]) for kind, value in tags]
