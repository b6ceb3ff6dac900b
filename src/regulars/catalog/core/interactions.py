"""Which facts touch which items, and how much each says about taste."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal  # Any: properties are whatever the customer's shop sent

import msgspec

from regulars.kernel.ids import ItemId

InteractionKind = Literal["viewed", "played", "completed", "liked", "rated", "added", "bought", "skipped", "removed"]


class Interaction(msgspec.Struct, frozen=True):
    """One item touched by one fact. `strength` in [-1, 2] says how much about taste; below 0 is dislike."""

    item_id: ItemId
    kind: InteractionKind
    strength: float


# How much each kind of fact says about taste. Chosen, not measured: a purchase or a like outweighs a
# completed play, a look says little, a skip is a mild no. Rankers that learn their own weights ignore them.
STRENGTHS: Mapping[InteractionKind, float] = {
    "viewed": 0.25,
    "played": 0.5,
    "completed": 1.0,
    "liked": 1.5,
    "added": 0.75,
    "bought": 2.0,
    "skipped": -0.5,
    "removed": -0.5,
}

# Event names of Segment's e-commerce and video specifications; ours for music are shaped like video's.
# Heartbeats (`Video Content Playing`), lists and carts say nothing new about one item and are left out.
KINDS_BY_EVENT: Mapping[str, InteractionKind] = {
    "item viewed": "viewed",
    "item clicked": "viewed",
    "product viewed": "viewed",
    "product clicked": "viewed",
    "title viewed": "viewed",
    "video content started": "played",
    "video playback started": "played",
    "video content completed": "completed",
    "video playback completed": "completed",
    "title rated": "rated",
    "title liked": "liked",
    "product reviewed": "rated",
    "song played": "played",
    "song completed": "completed",
    "song liked": "liked",
    "song added to playlist": "liked",
    "song skipped": "skipped",
    "product added": "added",
    "product added to wishlist": "liked",
    "product shared": "liked",
    "product removed": "removed",
    "product removed from wishlist": "removed",
    "order completed": "bought",
    "order refunded": "removed",
}

# Where the item's id may stand, the most telling first.
_ID_KEYS = ("item_id", "product_id", "content_asset_id", "content_asset_ids", "asset_id", "sku")


def interactions_of(event_name: str, properties: Mapping[str, Any]) -> list[Interaction]:
    """Return the items one fact touches, in the order it names them; empty for a fact that touches none.

    Names are compared without regard to case. Ids may be text or whole numbers; a line of an order with a
    quantity of zero or less is a return and counts as `removed`.

    >>> interactions_of("Song Skipped", {"asset_id": "s-9"})
    [Interaction(item_id='s-9', kind='skipped', strength=-0.5)]
    >>> [(line.item_id, line.kind) for line in interactions_of("Order Completed",
    ...     {"products": [{"product_id": 7, "quantity": 2}, {"product_id": "8", "quantity": -1}]})]
    [('7', 'bought'), ('8', 'removed')]
    >>> interactions_of("Title Rated", {"asset_id": "50", "rating": 5})
    [Interaction(item_id='50', kind='rated', strength=1.0)]
    """
    kind = KINDS_BY_EVENT.get(event_name.strip().casefold())
    if kind is None:
        return []
    lines = properties.get("products")
    touched = lines if isinstance(lines, list) and lines else [properties]
    found = [_interaction(kind, line) for line in touched if isinstance(line, Mapping)]
    return [interaction for interaction in found if interaction is not None]


def touches_items(event_name: str) -> bool:
    """Return whether facts of this name can touch an item at all; cheaper than reading the properties."""
    return event_name.strip().casefold() in KINDS_BY_EVENT


def _interaction(kind: InteractionKind, line: Mapping[str, Any]) -> Interaction | None:
    item_id = _item_id(line)
    if item_id is None:
        return None
    if kind == "rated":
        return Interaction(item_id, kind, rating_strength(line.get("rating")))
    quantity = _number(line.get("quantity"))
    if kind in ("bought", "added") and quantity is not None and quantity <= 0:
        kind = "removed"
    return Interaction(item_id, kind, STRENGTHS[kind])


def _item_id(line: Mapping[str, Any]) -> ItemId | None:
    for key in _ID_KEYS:
        value = line.get(key)
        if isinstance(value, list) and value:
            value = value[0]
        if isinstance(value, int) and not isinstance(value, bool):
            return ItemId(str(value))
        if isinstance(value, str) and value.strip():
            return ItemId(value.strip())
    return None


def rating_strength(rating: object) -> float:
    """Return what a rating from 1 to 5 says about taste, from -1 to 1; 0 for what is no number.

    >>> [rating_strength(stars) for stars in (5, 3, 1, 99, "x")]
    [1.0, 0.0, -1.0, 1.0, 0.0]
    """
    stars = _number(rating)
    return 0.0 if stars is None else (min(max(stars, 1.0), 5.0) - 3.0) / 2.0


def _number(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, (int, float)) and math.isfinite(value):
        return float(value)
    return None
