"""What an item is: typed attributes, tags, a window of availability, and the text it is found by."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal

import msgspec

from regulars.kernel.ids import ItemId

AttributeType = Literal["text", "number", "boolean", "date", "list"]
AttributeValue = str | bool | int | float | list[str]


class Tag(msgspec.Struct, frozen=True, order=True):
    """A word that items share, and its sort: `genre` Drama, `brand` Tanpopo, `tag` bestseller."""

    kind: str
    value: str


class Attribute(msgspec.Struct, frozen=True, kw_only=True):
    """What the values under one name are. `declared` by a person, or inferred from the first values seen."""

    name: str
    type: AttributeType
    declared: bool = False


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that can be shown, played or sold.

    `available` is the shop's own switch; the window `available_from` ≤ now < `available_until` narrows it
    further (`is_available` answers for a moment). `tags` are plain words; words of a kind (genre, artist,
    brand …) live in the attributes and come out of `tags_of`.

    >>> Item(item_id=ItemId("7"), kind="song", title="Rain", attributes={"artist": "Wren"}).available
    True
    """

    item_id: ItemId
    kind: str
    title: str
    attributes: dict[str, AttributeValue] = {}
    tags: list[str] = []
    available: bool = True
    available_from: datetime | None = None
    available_until: datetime | None = None
    image: str | None = None
    updated_at: datetime | None = None


# The attribute names whose values are words that items share, and the tag kind each becomes.
TAG_ATTRIBUTES: Mapping[str, str] = {
    name: kind
    for kind, names in {
        "genre": ("genre", "genres"),
        "artist": ("artist", "artists"),
        "brand": ("brand", "brands"),
        "category": ("category", "categories"),
        "mood": ("mood", "moods"),
        "language": ("language", "languages"),
        "author": ("author", "authors"),
        "director": ("director", "directors"),
        "actor": ("actor", "actors"),
        "series": ("series",),
        "album": ("album",),
        "colour": ("colour", "color"),
    }.items()
    for name in names
}


def tags_of(item: Item) -> list[Tag]:
    """Return every word the item carries with its kind, without repeats, attributes first.

    >>> tags_of(Item(item_id=ItemId("1"), kind="video", title="Heat", tags=["cult"],
    ...              attributes={"genres": ["Crime", "Thriller"], "year": 1995}))
    [Tag(kind='genre', value='Crime'), Tag(kind='genre', value='Thriller'), Tag(kind='tag', value='cult')]
    """
    found: dict[Tag, None] = {}
    for name, value in item.attributes.items():
        kind = TAG_ATTRIBUTES.get(name.casefold())
        if kind is not None:
            found.update((Tag(kind, word), None) for word in _words(value))
    found.update((Tag("tag", word), None) for word in _words(item.tags))
    return list(found)


def _words(value: AttributeValue) -> Iterable[str]:
    if isinstance(value, str):
        return [value.strip()] if value.strip() else []
    if isinstance(value, list):
        return [word.strip() for word in value if word.strip()]
    return []


def is_available(item: Item, now: datetime) -> bool:
    """Return whether the item may be shown at this moment: switched on, and inside its window.

    The window is half open: an item is available at `available_from` and no longer at `available_until`.
    """
    if not item.available:
        return False
    if item.available_from is not None and now < item.available_from:
        return False
    return item.available_until is None or now < item.available_until


def folded(text: str) -> str:
    """Return text as it is searched: width, case and Latin accents do not matter, Japanese sound marks do.

    >>> folded("Ａmélie  が")
    'amelie が'
    """
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(letter for letter in decomposed if not "\u0300" <= letter <= "\u036f")
    return " ".join(unicodedata.normalize("NFC", bare).split())


def searchable(item: Item) -> str:
    """Return the folded text that a search looks through: id, title, words of the attributes, tags."""
    words = [item.item_id, item.title, *item.tags]
    for value in item.attributes.values():
        if isinstance(value, str):
            words.append(value)
        elif isinstance(value, list):
            words.extend(value)
    return folded("\n".join(words))
