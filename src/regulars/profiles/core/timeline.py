"""What a customer did, one line after the other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any  # Any: properties are whatever the customer's shop sent

import msgspec

from regulars.events.core import Event

# Where an event's properties say in a word what it was about, the most telling first.
_TELLING = (
    "title", "name", "product_name", "song", "track", "query", "search_query", "category", "path", "url", "order_id",
    "slot", "asset_id", "content_asset_id", "product_id", "item_id",
)  # fmt: skip
SUMMARY_CHARACTERS_MAX = 120


class Line(msgspec.Struct, array_like=True, frozen=True):
    """One event as the timeline keeps it. The order of the fields is the format on disk: only add at the end."""

    event_id: str
    name: str
    source_id: str
    session: str | None
    properties: dict[str, Any]  # Any: as they were sent


class TimelineEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a customer, in words."""

    event_id: str
    name: str
    occurred_at: datetime
    source_id: str
    summary: str
    properties: dict[str, Any]  # Any: as they were sent
    session: str | None


def line_of(event: Event) -> Line:
    """Return what the timeline keeps of an event."""
    session = event.context.get("sessionId") or event.properties.get("session_id")
    return Line(
        event_id=event.event_id,
        name=event.name,
        source_id=event.source_id,
        session=str(session)[:80] if isinstance(session, str | int) else None,
        properties=event.properties,
    )


def summary_of(name: str, properties: Mapping[str, Any]) -> str:  # Any: as they were sent
    """Return in a few words what an event was about; empty when nothing says so.

    >>> summary_of("Order Completed", {"products": [{"name": "Tea"}, {"name": "Pot"}, {"name": "Cup"}], "total": 31.5})
    'Tea and 2 more, 31.5'
    >>> summary_of("Song Played", {"asset_id": "s-1", "title": "Rain"})
    'Rain'
    """
    lines = properties.get("products")
    if isinstance(lines, list) and lines and isinstance(lines[0], Mapping):
        more = f" and {len(lines) - 1} more" if len(lines) > 1 else ""
        total = properties.get("total", properties.get("revenue"))
        price = f", {total}" if isinstance(total, int | float) and not isinstance(total, bool) else ""
        return (_telling(lines[0]) + more + price)[:SUMMARY_CHARACTERS_MAX]
    if name == "Identify":
        return ", ".join(sorted(properties))[:SUMMARY_CHARACTERS_MAX]
    rating = properties.get("rating")
    stars = f", {rating} stars" if isinstance(rating, int | float) and not isinstance(rating, bool) else ""
    return (_telling(properties) + stars)[:SUMMARY_CHARACTERS_MAX]


def _telling(properties: Mapping[str, Any]) -> str:  # Any: as they were sent
    for key in _TELLING:
        value = properties.get(key)
        if isinstance(value, str) and value.strip():
            return value.strip()
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return ""
