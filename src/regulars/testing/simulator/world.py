"""A whole simulated shop: one endless stream of calls in order of time, the same for the same seed."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from regulars.catalog import Item
from regulars.kernel.errors import InvalidError, nearest
from regulars.testing.simulator.calls import Call
from regulars.testing.simulator.catalogues import Offer, offers_of
from regulars.testing.simulator.chance import Chance
from regulars.testing.simulator.listening import Listening
from regulars.testing.simulator.parameters import Parameters, load_parameters
from regulars.testing.simulator.people import Person
from regulars.testing.simulator.reactions import clicked
from regulars.testing.simulator.shopping import Shopping


class Behaviour(Protocol):
    """How the people of one sort of shop behave."""

    offers: list[Offer]
    people: list[Person]

    def first_start_us(self, person: Person, start_us: int) -> int:
        """Return when a person first comes."""
        ...

    def next_start_us(self, person: Person, after_us: int) -> int:
        """Return when a person comes again."""
        ...

    def visit(self, person: Person, start_us: int) -> list[Call]:
        """Return the calls of one visit, in order."""
        ...

    def likes(self, person: Person, item: Item) -> bool:
        """Return whether an item is to a person's taste."""
        ...


BEHAVIOURS: dict[str, Callable[[int, Parameters, list[Offer] | None], Behaviour]] = {
    "music": Listening,
    "store": Shopping,
}


class World:
    """People, a catalogue (invented, or `items` of one's own), and what happens between them.

    >>> world = World("music", seed=7)
    >>> from itertools import islice
    >>> first = next(islice(world.calls(start_us=0), 1))
    >>> first.name in ("Home", "Search"), first.at_us > 0
    (True, True)
    """

    def __init__(
        self, shop: str, seed: int, parameters: Parameters | None = None, items: Sequence[Item] | None = None
    ) -> None:
        if shop not in BEHAVIOURS:
            raise InvalidError(f"No simulated shop is named {shop!r}.{nearest(shop, list(BEHAVIOURS))}")
        self.seed = seed
        self.parameters = parameters or load_parameters()
        offers = offers_of(items, shop, seed, self.parameters) if items else None
        self._behaviour: Behaviour = BEHAVIOURS[shop](seed, self.parameters, offers)
        self.items = [offer.item for offer in self._behaviour.offers]
        self._items: dict[str, Item] = {item.item_id: item for item in self.items}
        self._people = {person.user_id: person for person in self._behaviour.people}

    @property
    def people(self) -> list[Person]:
        """Return everybody."""
        return self._behaviour.people

    def likes(self, person: Person, item: Item) -> bool:
        """Return whether an item is to a person's taste."""
        return self._behaviour.likes(person, item)

    def calls(self, start_us: int) -> Iterator[Call]:
        """Walk all calls from a moment on, in order of time, without end. A world is walked once."""
        starts = [(self._behaviour.first_start_us(person, start_us), person.number) for person in self.people]
        heapq.heapify(starts)
        waiting: list[Call] = []
        while True:
            start_us, number = starts[0]
            while waiting and waiting[0].at_us < start_us:
                yield heapq.heappop(waiting)
            person = self.people[number]
            calls = self._behaviour.visit(person, start_us)
            for call in calls:
                heapq.heappush(waiting, call)
            ended_us = calls[-1].at_us
            heapq.heapreplace(starts, (self._behaviour.next_start_us(person, ended_us), number))

    def reaction(self, user_id: str, item_ids: Sequence[str], occasion: str) -> int | None:
        """Return the place, from 1, that a person clicks in a slate; None when they click none.

        The same person on the same occasion reacts the same way; the stream of calls is not disturbed.
        """
        person = self._people[user_id]
        likings = [
            item_id in self._items and self._behaviour.likes(person, self._items[item_id]) for item_id in item_ids
        ]
        return clicked(self.parameters.slates, likings, Chance(self.seed, user_id, occasion))


def simulate(shop: str, seed: int, *, start_us: int, parameters: Parameters | None = None) -> Iterator[Call]:
    """Return the calls of a simulated shop from a moment on, in order of time, without end.

    Parameters
    ----------
    shop
        `music` or `store`.
    seed
        The same seed is the same stream, on every machine.
    start_us
        Microseconds since 1970.
    parameters
        Those that come with Regulars when left out.

    """
    return World(shop, seed, parameters).calls(start_us)
