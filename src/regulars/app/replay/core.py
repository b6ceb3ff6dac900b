"""Which part of history is meant, and what became of it? Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from regulars.kernel.errors import InvalidError


class Told(Protocol):
    """What a span is chosen by: an event or its outline."""

    @property
    def source_id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def user_id(self) -> str | None: ...
    @property
    def anonymous_id(self) -> str | None: ...
    @property
    def previous_id(self) -> str | None: ...
    @property
    def received_us(self) -> int: ...


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """A part of history: what came in from one moment until before another, by source, by name, of one customer.

    `people` are the customer's identifiers by kind; everything that is left out means all.
    """

    since_us: int = 0
    until_us: int | None = None
    sources: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    people: Mapping[str, frozenset[str]] | None = None

    def __post_init__(self) -> None:
        """Refuse a span that can hold nothing."""
        if self.until_us is not None and self.until_us <= self.since_us:
            raise InvalidError("A span ends after it begins: `until` must be later than `since`.")

    def covers(self, one: Told) -> bool:
        """Return whether something belongs to the span.

        >>> from types import SimpleNamespace
        >>> event = SimpleNamespace(source_id="web", name="Song Played", user_id=None, anonymous_id="x1",
        ...     previous_id=None, received_us=5)
        >>> Span(names=frozenset({"Song Played"})).covers(event), Span(since_us=6).covers(event)
        (True, False)
        """
        if one.received_us < self.since_us or (self.until_us is not None and one.received_us >= self.until_us):
            return False
        if (self.sources and one.source_id not in self.sources) or (self.names and one.name not in self.names):
            return False
        return self.people is None or self._is_theirs(one, self.people)

    def _is_theirs(self, one: Told, people: Mapping[str, frozenset[str]]) -> bool:
        users, anonymous = people.get("user_id", frozenset()), people.get("anonymous_id", frozenset())
        if one.user_id is not None:
            return one.user_id in users
        return one.anonymous_id in anonymous or one.previous_id in users or one.previous_id in anonymous


class NameCount(msgspec.Struct, frozen=True, kw_only=True):
    """How often something happened, through which source."""

    name: str
    source_id: str
    events: int


class ReplayReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay read, and what became of it: `events` of `read` belong to the span, `taken` made a difference."""

    into: str
    read: int
    events: int
    taken: int
    from_history: int
    seconds: float
    events_per_s: float
    counts: list[NameCount] = []
    place: str | None = None


class RecomputeReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was worked out anew: a customer, those whose identifiers met theirs, and their events."""

    customer_id: str
    customers: int
    identifiers: int
    events: int
    changed: list[str]
