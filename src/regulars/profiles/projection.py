"""How a batch changes what is remembered: each customer's row is read once, changed in memory, and written once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol  # Any: properties are whatever the customer's shop sent

from sqlalchemy import Connection

from regulars.catalog import Interaction, Item, interactions_of, tags_of
from regulars.events.core import Batch, Event, Merge
from regulars.kernel.ids import CustomerId, ItemId
from regulars.profiles import store
from regulars.profiles.core.names import name_in
from regulars.profiles.core.state import Occasion, State, absorb, bounded, present_traits, take
from regulars.profiles.core.taste import strongest_word, weights_of
from regulars.profiles.core.timeline import line_of
from regulars.profiles.store import Kept

Tags = Sequence[tuple[str, str]]
Weights = Sequence[tuple[str, float]]


class KnowsItems(Protocol):
    """Whoever can say what items are: the catalogue."""

    def lookup(self, item_ids: Iterable[ItemId]) -> dict[ItemId, Item]:
        """Return those of these items that are known."""
        ...


class Remembering:
    """One batch on its way into the profiles."""

    def __init__(self, connection: Connection, *, half_life_us: float, catalog: KnowsItems | None) -> None:
        self._connection = connection
        self._half_life_us = half_life_us
        self._catalog = catalog
        self._states: dict[CustomerId, State] = {}
        self._former_names: dict[CustomerId, str | None] = {}
        self._gone: dict[CustomerId, str | None] = {}

    def take_in(self, batch: Batch) -> None:
        """Merge, then let every event of a known customer change what is remembered."""
        customers = {customer for customer in batch.customer_ids if customer is not None}
        self._read(customers | {one for merge in batch.merges for one in (merge.kept, merge.absorbed)})
        for merge in batch.merges:
            self._merge(merge)
        changed = self._take(batch) | {merge.kept for merge in batch.merges if merge.kept in self._states}
        self._write(changed)
        store.add_lines(
            self._connection,
            [
                (anchor, event.occurred_us, line_of(event))
                for event, anchor in zip(batch.events, batch.anchors, strict=True)
                if anchor is not None
            ],
        )

    def merge(self, merges: Sequence[Merge]) -> None:
        """Merge customers without any event."""
        self.take_in(Batch(events=[], now_us=0, merges=list(merges)))

    def _read(self, customers: Iterable[CustomerId]) -> None:
        for kept in store.states(self._connection, customers).values():
            self._states[kept.customer_id] = kept.state
            self._former_names[kept.customer_id] = kept.name

    def _merge(self, merge: Merge) -> None:
        absorbed = self._states.pop(merge.absorbed, None)
        if merge.absorbed in self._former_names:
            self._gone[merge.absorbed] = self._former_names.pop(merge.absorbed)
        kept = self._states.setdefault(merge.kept, State())
        if absorbed is not None:
            absorb(kept, absorbed, self._half_life_us)
        kept.merged[merge.absorbed] = merge.at_us

    def _take(self, batch: Batch) -> set[CustomerId]:
        touched = [interactions_of(event.name, event.properties) for event in batch.events]
        weights_for, half_life_us = self._weights_for(touched), self._half_life_us
        changed: set[CustomerId] = set()
        for event, customer, anchor, interactions in zip(
            batch.events, batch.customer_ids, batch.anchors, touched, strict=True
        ):
            if customer is None or anchor is None:
                continue
            state = self._states.get(customer)
            if state is None:
                state = self._states[customer] = State()
            tastes = [(weights_for(event, one), one.strength) for one in interactions] if interactions else ()
            take(state, Occasion(event, anchor, tastes), half_life_us)
            changed.add(customer)
        return changed

    def _weights_for(self, touched: Iterable[Sequence[Interaction]]) -> Callable[[Event, Interaction], Weights]:
        item_ids = {one.item_id for interactions in touched for one in interactions}
        items = self._catalog.lookup(item_ids) if self._catalog is not None and item_ids else {}
        known = {item_id: weights_of(_pairs(item)) for item_id, item in items.items()}

        def weights(event: Event, interaction: Interaction) -> Weights:
            found = known.get(interaction.item_id)
            return weights_of(told_tags(event.properties, interaction.item_id)) if found is None else found

        return weights

    def _write(self, changed: Iterable[CustomerId]) -> None:
        new: list[Kept] = []
        again: list[Kept] = []
        for customer in sorted(changed):
            state = bounded(self._states[customer], self._half_life_us)
            if not state.events_total:
                continue  # known only from merges; its first event is still to come
            name = name_in(present_traits(state)) if state.traits else None
            taste = strongest_word(state.affinities, self._half_life_us)
            (again if customer in self._former_names else new).append(Kept(customer, name, state, taste))
        store.forget(self._connection, self._gone)
        store.add(self._connection, new)
        store.change(self._connection, again, self._former_names)


def told_tags(properties: Mapping[str, Any], item_id: ItemId) -> Tags:  # Any: as they were sent
    """Return the tags an event itself tells about an item, for one that the catalogue does not hold.

    >>> told_tags({"asset_id": "s-1", "artist": "Wren", "genre": "Folk"}, ItemId("s-1"))
    [('artist', 'Wren'), ('genre', 'Folk')]
    """
    told: Mapping[str, Any] = properties  # Any: as above
    lines = properties.get("products")
    if isinstance(lines, list):
        told = next((line for line in lines if isinstance(line, Mapping) and _is_about(line, item_id)), {})
    attributes = {
        name: value for name, value in told.items() if name != "tags" and (isinstance(value, str) or _is_words(value))
    }
    return _pairs(Item(item_id=item_id, kind="", title="", attributes=attributes)) if attributes else ()


def _pairs(item: Item) -> Tags:
    return [(tag.kind, tag.value) for tag in tags_of(item)]


def _is_about(line: Mapping[str, Any], item_id: ItemId) -> bool:  # Any: as it was sent
    return item_id in (str(value) for value in line.values() if isinstance(value, str | int))


def _is_words(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)
