"""The palette's question: which customers and items do these words mean?"""

from __future__ import annotations

import msgspec

from regulars.app.shop import Shop
from regulars.catalog import Item
from regulars.profiles import ProfileSummary

FOUND_MAX = 8


class PageFound(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the console, by its path."""

    path: str
    title: str


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, the best first. Pages are the console's own and found there."""

    customers: list[ProfileSummary]
    items: list[Item]
    pages: list[PageFound]


def search(shop: Shop, words: str) -> Found:
    """Return the customers and items that some words mean; nothing for no words."""
    if not words.strip():
        return Found(customers=[], items=[], pages=[])
    customers = shop.profiles.search(words, limit=FOUND_MAX).items[:FOUND_MAX]
    items = shop.catalog.find(words, limit=FOUND_MAX).items
    return Found(customers=customers, items=items, pages=[])
