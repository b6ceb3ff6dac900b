"""Which orders of a file came already through another source, and would count twice?

An SDK gives an order another message id than a file does, so only the order's own number tells. Two tills may give one
number to two orders: they are taken for one only where they happened within some days of each other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Protocol

import msgspec

from regulars.lake import Lake

ORDER_NUMBER = "order_id"  # the property in which every commerce spec, and our mapping of order lines, has it
WITHIN_US = 2 * 86_400_000_000  # clocks of tills and time zones of exports differ; one number a day is common
ROWS_A_TIME = 10_000


class Order(msgspec.Struct, frozen=True):
    """An order as an event told it."""

    name: str
    number: str
    at_us: int


class KnowsOrders(Protocol):
    """Whoever can say which orders came through other sources."""

    def __call__(self, *, names: Collection[str], not_of: str, first_us: int, last_us: int) -> Iterator[list[Order]]:
        """Yield the orders of events of these names that happened between two moments, some at a time."""
        ...


class _Properties(msgspec.Struct):
    order_id: str | int | None = None


def orders_of(lake: Lake) -> KnowsOrders:
    """Return what finds orders in history."""

    def find(*, names: Collection[str], not_of: str, first_us: int, last_us: int) -> Iterator[list[Order]]:
        table = lake.events()
        told = table.filter(
            table.name.isin(sorted(names)),
            table.source_id != not_of,
            table.occurred_us >= first_us,
            table.occurred_us <= last_us,
            table.properties.contains(f'"{ORDER_NUMBER}"'),
        )
        for rows in lake.walk(told, rows_a_time=ROWS_A_TIME):
            found = [(row, number_of(row.properties)) for row in rows]
            yield [Order(row.name, number, row.occurred_us) for row, number in found if number]

    return find


def number_of(properties: bytes) -> str:
    """Return an order's number from an event's properties, as JSON; empty when there is none.

    >>> number_of(b'{"order_id": 1001}'), number_of(b'{"order_id": [1]}')
    ('1001', '')
    """
    try:
        found = msgspec.json.decode(properties, type=_Properties).order_id
    except msgspec.MsgspecError:
        return ""
    return "" if found is None else str(found).strip()
