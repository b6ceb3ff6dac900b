"""Which part of history is meant, and what became of it? Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, Protocol

import msgspec

from regulars.kernel.errors import InvalidError
from regulars.kernel.sayings import Saying, said

Into = Literal["counts", "lake", "profile"]
State = Literal["waiting", "running", "paused", "failed", "done", "discarded"]
UNFINISHED: tuple[State, ...] = ("waiting", "running", "paused", "failed")


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
            raise InvalidError(
                said("replay_span_ends", "A span ends after it begins: `until` must be later than `since`.")
            )

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


class SpanCount(msgspec.Struct, frozen=True, kw_only=True):
    """How often something happened, through which source."""

    name: str
    source_id: str
    events: int


class Gone(msgspec.Struct, frozen=True, kw_only=True):
    """How far a replay is, over all its sittings: `records` of `total`, by partition through `reached` of `until`."""

    reached: dict[str, int] = {}
    until: dict[str, int] = {}
    records: int = 0
    total: int = 0
    read: int = 0
    events: int = 0
    taken: int = 0
    from_history: int = 0
    seconds: float = 0.0

    @property
    def events_per_s(self) -> float:
        """How many events a second were read."""
        return self.read / self.seconds if self.seconds else 0.0


class ReplayReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay read, and what became of it: `events` of `read` belong to the span, `taken` made a difference."""

    into: str
    read: int
    events: int
    taken: int
    from_history: int
    seconds: float
    events_per_s: float
    counts: list[SpanCount] = []
    place: str | None = None


class RecomputeReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was worked out anew: a customer, those whose identifiers met theirs, and their events."""

    customer_id: str
    customers: int
    identifiers: int
    events: int
    changed: list[str]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asked to be replayed: a span, in a person's words, and what it goes into.

    `counts` only counts, `lake` puts back into history what it lacks, `profile` works the customer out anew.
    """

    into: Into = "counts"
    since: datetime | None = None
    until: datetime | None = None
    sources: list[str] = []
    names: list[str] = []
    customer_id: str | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be done."""
        if self.into != "profile":
            return
        if self.customer_id is None:
            raise InvalidError(said("replay_whom", "Say which customer shall be worked out anew: customer_id."))
        if self.since or self.until or self.sources or self.names:
            raise InvalidError(
                said(
                    "replay_all_of_customer",
                    "A customer is worked out anew from all that they did. Leave time, sources and names out.",
                )
            )


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """One replay as the console sees it: `done` of `total` records; `events` of `read` belong to the span.

    `taken` made a difference. `counts` holds the most frequent, `changed` which parts of a profile are not as before.
    """

    replay_id: str
    asked: Asked
    state: State
    started_at: datetime
    changed_at: datetime
    finished_at: datetime | None
    done: int
    total: int
    read: int
    events: int
    taken: int
    from_history: int
    events_per_s: float
    seconds_left: float | None
    error: str | None
    error_said: Saying | None
    counts: list[SpanCount]
    changed: list[str]
