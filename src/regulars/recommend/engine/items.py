"""What is known of each item by its number: id, card, tags, availability. Fed by the catalogue and by interactions."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from regulars.catalog import Item, tags_of
from regulars.kernel.clock import microseconds
from regulars.kernel.ids import ItemId
from regulars.recommend.core.rows import Doubles, Flags, Floats, Ints, Longs
from regulars.recommend.core.slots import Filters, ItemCard

ALWAYS_US = 2**62
SHOWN_TAGS = 6
CARDS_KEPT = 20_000


class ItemTable:
    """Items by number. Written by one thread under the engine's lock."""

    def __init__(self) -> None:
        self._ids: list[ItemId] = [ItemId("")]
        self._numbers: dict[ItemId, int] = {}
        self._items: dict[int, Item] = {}
        self._tag_names: list[tuple[str, str]] = []
        self._tag_numbers: dict[tuple[str, str], int] = {}
        self._tags: dict[int, frozenset[int]] = {}
        self._tag_items: dict[int, set[int]] = {}
        self._kind_numbers: dict[str, int] = {}
        self._from_us = np.zeros(64, np.int64)
        self._until_us = np.full(64, ALWAYS_US, np.int64)
        self._known = np.zeros(64, np.bool_)
        self._named = np.zeros(64, np.bool_)
        self._cards: dict[int, ItemCard] = {}
        self._kinds = np.zeros(64, np.int32)

    @property
    def total(self) -> int:
        """One more than the highest number."""
        return len(self._ids)

    @property
    def highest(self) -> int:
        """The highest number that has an id, 0 when none has."""
        return len(self._ids) - 1

    def name(self, numbered: Iterable[tuple[int, ItemId]]) -> None:
        """Take in which id has which number, in rising order."""
        news = list(numbered)
        for number, item_id in news:
            while len(self._ids) <= number:
                self._ids.append(ItemId(""))
            self._ids[number] = item_id
            self._numbers[item_id] = number
        self._fit(len(self._ids))
        self._named[[number for number, _ in news]] = True

    def number(self, item_id: ItemId) -> int | None:
        """Return the number of an item."""
        return self._numbers.get(item_id)

    def item_id(self, number: int) -> ItemId:
        """Return the id of a number."""
        return self._ids[number]

    def put(self, items: Iterable[Item]) -> None:
        """Take in what the catalogue says now; each item has been named before."""
        for item in items:
            number = self._numbers[item.item_id]
            self._unlist(number)
            self._items[number] = item
            self._known[number] = item.available
            self._from_us[number] = microseconds(item.available_from) if item.available_from else 0
            self._until_us[number] = microseconds(item.available_until) if item.available_until else ALWAYS_US
            self._kinds[number] = self._kind_numbers.setdefault(item.kind, len(self._kind_numbers) + 1)
            tags = frozenset(self._tag((tag.kind, tag.value)) for tag in tags_of(item))
            self._tags[number] = tags
            for tag in tags:
                self._tag_items.setdefault(tag, set()).add(number)

    def remove(self, item_ids: Iterable[ItemId]) -> None:
        """Take out what the catalogue no longer holds."""
        for item_id in item_ids:
            number = self._numbers.get(item_id)
            if number is not None and number in self._items:
                self._unlist(number)
                del self._items[number]
                self._known[number] = False
                self._kinds[number] = 0

    def allowed(self, numbers: Ints, filters: Filters, now_us: int) -> Flags:
        """Return which of these items the filters let through; what a customer has seen is not looked at."""
        inside = numbers < len(self._named)
        numbers = np.where(inside, numbers, 0)
        allowed = inside & self._named[numbers]
        if filters.available_only and self._items:
            allowed &= self._known[numbers] & (self._from_us[numbers] <= now_us) & (now_us < self._until_us[numbers])
        if filters.kinds:
            allowed &= np.isin(self._kinds[numbers], [self._kind_numbers.get(kind, -1) for kind in filters.kinds])
        if filters.tags:
            allowed &= self._carry(numbers, filters.tags)
        if filters.exclude_tags:
            allowed &= ~self._carry(numbers, filters.exclude_tags)
        return allowed

    def _carry(self, numbers: Ints, words: Iterable[str]) -> Flags:
        wanted: set[int] = set()
        for word in words:
            wanted |= self._tags_named(word)
        return np.array([bool(wanted & self.tags(number)) for number in numbers.tolist()], np.bool_)

    def _tags_named(self, word: str) -> set[int]:
        kind, colon, value = word.partition(":")
        if colon and (kind, value) in self._tag_numbers:
            return {self._tag_numbers[kind, value]}
        return {number for number, (_, value) in enumerate(self._tag_names) if value == word}

    def tags(self, number: int) -> frozenset[int]:
        """Return the tags of an item."""
        return self._tags.get(number, frozenset())

    def capped_tags(self, number: int, kind: str | None) -> frozenset[int]:
        """Return the tags of an item that a cap looks at: all, or those of one kind."""
        tags = self.tags(number)
        return tags if kind is None else frozenset(tag for tag in tags if self._tag_names[tag][0] == kind)

    def tag_name(self, tag: int) -> tuple[str, str]:
        """Return kind and value of a tag."""
        return self._tag_names[tag]

    def items_with(self, tag: int) -> Ints:
        """Return the items that carry a tag."""
        return np.fromiter(self._tag_items.get(tag, ()), np.int32)

    def gather(self, indices: Longs | Ints) -> tuple[Ints, Floats, Longs]:
        """Return the tags of these items, ones beside them, and the place in `indices` of each: a table of tags."""
        rows = [sorted(self.tags(number)) for number in indices.tolist()]
        tags = np.array([tag for row in rows for tag in row], np.int32)
        owners = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
        return tags, np.ones(len(tags), np.float32), owners

    def tag_frequency(self) -> Doubles:
        """Return the share of items that carry each tag."""
        counts = [len(self._tag_items.get(tag, ())) for tag in range(len(self._tag_names))]
        return np.array(counts, np.float64) / max(len(self._items), 1)

    def everything(self) -> Ints:
        """Return the numbers of all items that have an id."""
        return np.flatnonzero(self._named).astype(np.int32)

    def title(self, number: int) -> str:
        """Return what an item is called; its id when the catalogue does not know it."""
        item = self._items.get(number)
        return item.title if item else self._ids[number]

    def card(self, number: int) -> ItemCard | None:
        """Return what one needs to draw an item, None when the catalogue does not know it."""
        found = self._cards.get(number)
        item = self._items.get(number)
        if found is None and item is not None:
            found = ItemCard(
                title=item.title,
                kind=item.kind,
                tags=[tag.value for tag in tags_of(item)][:SHOWN_TAGS],
                attributes=dict(item.attributes),
                image=item.image,
            )
            if len(self._cards) >= CARDS_KEPT:
                self._cards.clear()
            self._cards[number] = found
        return found

    def _tag(self, name: tuple[str, str]) -> int:
        number = self._tag_numbers.get(name)
        if number is None:
            number = self._tag_numbers[name] = len(self._tag_names)
            self._tag_names.append(name)
        return number

    def _unlist(self, number: int) -> None:
        self._cards.pop(number, None)
        for tag in self._tags.pop(number, ()):
            self._tag_items[tag].discard(number)

    def _fit(self, length: int) -> None:
        if length > len(self._known):
            room = max(length, 2 * len(self._known)) - len(self._known)
            self._known = np.concatenate((self._known, np.zeros(room, np.bool_)))
            self._named = np.concatenate((self._named, np.zeros(room, np.bool_)))
            self._from_us = np.concatenate((self._from_us, np.zeros(room, np.int64)))
            self._until_us = np.concatenate((self._until_us, np.full(room, ALWAYS_US, np.int64)))
            self._kinds = np.concatenate((self._kinds, np.zeros(room, np.int32)))
