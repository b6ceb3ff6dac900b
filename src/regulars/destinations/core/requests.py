"""Which events travel together, and in which order? Pure.

What waits is dealt to as many lanes as requests may be under way; whatever is of one customer goes to one lane, so that
as long as nothing fails everybody's events arrive in the order they happened in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar


class Queued(Protocol):
    """What must be known of an event that waits."""

    @property
    def queue_id(self) -> int:
        """Its place in the order of arrival."""
        ...

    @property
    def anchor(self) -> int | None:
        """The number of the identifier it is filed under."""
        ...

    @property
    def alone(self) -> bool:
        """Whether it must not share a request: it was turned down before."""
        ...


Q = TypeVar("Q", bound=Queued)


def lanes_of(rows: Sequence[Q], lanes: int) -> list[list[Q]]:
    """Return the rows dealt to lanes, each in order; empty lanes are left out."""
    dealt: list[list[Q]] = [[] for _ in range(lanes)]
    for row in rows:
        dealt[(row.queue_id if row.anchor is None else row.anchor) % lanes].append(row)
    return [lane for lane in dealt if lane]


def requests_of(lane: Sequence[Q], batch_max: int) -> Iterator[list[Q]]:
    """Yield the requests of a lane, in order: up to `batch_max` events each, and whoever must be alone alone."""
    some: list[Q] = []
    for row in lane:
        if some and (row.alone or len(some) == batch_max):
            yield some
            some = []
        some.append(row)
        if row.alone:
            yield some
            some = []
    if some:
        yield some
