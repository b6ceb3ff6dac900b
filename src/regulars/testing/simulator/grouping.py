"""Items by what they share, each group with its own popularity."""

from __future__ import annotations

from collections.abc import Sequence

from regulars.catalog import Item
from regulars.testing.simulator.catalogues import Offer
from regulars.testing.simulator.chance import Weights


def words(item: Item, name: str) -> list[str]:
    """Return the words an item has under a name."""
    value = item.attributes.get(name, [])
    return value if isinstance(value, list) else [str(value)]


def grouped(offers: Sequence[Offer], name: str) -> dict[str, Weights[Item]]:
    """Return the items by each word they have under a name."""
    groups: dict[str, list[Offer]] = {}
    for offer in offers:
        for word in words(offer.item, name):
            groups.setdefault(word, []).append(offer)
    return {
        word: Weights([offer.item for offer in part], [offer.weight for offer in part]) for word, part in groups.items()
    }
