"""What would a shopkeeper do by hand? Favourite artists and genres, the best known of their items first.

The rule-based baseline, kept for ever as the control: every learned policy has to earn its place beside it. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from regulars.recommend.core.rows import Doubles, Floats, Ints, Longs, Scored

FAVOURITES = 8  # tags that count; a shopkeeper does not remember more
HALF_LIFE_ITEMS = 20.0  # chosen, not measured: a favourite outlives an evening
QUERY_ITEMS = 40


class TagsByItem(Protocol):
    """For each item its tags: `Rows`, or whatever gathers as they do."""

    def gather(self, indices: Longs | Ints) -> tuple[Ints, Floats, Longs]:
        """Return tags, anything beside them, and the place in `indices` of each."""
        ...


@dataclass(frozen=True, slots=True)
class Favourites:
    """A customer's favourite tags, the strongest first, with how strong each is."""

    tags: Ints
    strengths: Doubles


def favourites(items: Ints, weights: Floats, tags_by_item: TagsByItem, tag_frequency: Doubles) -> Favourites:
    """Return the favourite tags of who touched these items.

    Parameters
    ----------
    items, weights
        What the customer touched and how much each counts.
    tags_by_item
        For each item its tags.
    tag_frequency
        Share of all items that carry each tag, in (0, 1]: a word that everything carries is nobody's favourite.

    """
    tags, _, owners = tags_by_item.gather(items)
    if not len(tags):
        return Favourites(np.zeros(0, np.int32), np.zeros(0))
    found = Scored.summed(tags, weights[owners].astype(np.float64), items_total=len(tag_frequency))
    strengths = found.values * -np.log(np.minimum(tag_frequency[found.items], 0.999))
    order = np.lexsort((found.items, -strengths))[:FAVOURITES]
    return Favourites(found.items[order], strengths[order])


def rule_contributions(liked: Favourites, targets: Ints, tags_by_item: TagsByItem, popularity: Doubles) -> Doubles:
    """Return what each favourite tag gives to each target, shape (tags, targets): strength × ln(1 + popularity)."""
    tags, _, owners = tags_by_item.gather(targets)
    table = np.zeros((len(liked.tags), len(targets)))
    for place, tag in enumerate(liked.tags):
        table[place, owners[tags == tag]] = 1.0
    return table * liked.strengths[:, None] * (0.01 + np.log1p(popularity[targets]))
