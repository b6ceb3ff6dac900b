"""What was said about a destination: where, what of, how fast, for whom. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any  # Any: settings are each kind's own

import msgspec
from jmespath.parser import ParsedResult
from msgspec import Meta

from regulars.destinations.core.audience import AudienceRule
from regulars.destinations.core.expressions import compiled, is_true
from regulars.destinations.core.kinds import Expression, Feed
from regulars.events.core import Event, was_imported
from regulars.kernel.errors import InvalidError
from regulars.kernel.sayings import Saying, Sentence, said, text_of
from regulars.lake.core import OWN_SOURCE

NAME_CHARACTERS_MAX = 120

Names = Annotated[list[Annotated[str, Meta(min_length=1, max_length=255)]], Meta(max_length=500)]


class Status(StrEnum):
    """Whether anything is sent. A paused destination goes on collecting; a closed one does not."""

    ACTIVE = "active"
    PAUSED = "paused"
    CLOSED = "closed"


class EventFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which events are sent. Without names: all that come through a source; news of our own only by name.

    What was imported happened long ago, and nobody is told of it as if it happened now, unless `imported` asks for it.
    """

    names: Names = []
    sources: Names = []
    condition: Expression = ""
    imported: bool = False


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How fast.

    Up to `batch_max` events in a request, `requests_max` requests at a time. With more than one event a request waits
    up to `batch_wait_s` to be full. With `keep_order` nothing of a customer is sent while something earlier of theirs
    still waits to be tried again.
    """

    batch_max: Annotated[int, Meta(ge=1, le=500)] = 1
    batch_wait_s: Annotated[float, Meta(ge=0, le=300)] = 0
    requests_max: Annotated[int, Meta(ge=1, le=16)] = 4
    keep_order: bool = False


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """How often an audience is sent: every so many hours; 0 only when somebody asks."""

    every_h: Annotated[int, Meta(ge=0, le=24 * 31)] = 24


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """A destination as it was made. `origin` is how far the log had taken effect then."""

    destination_id: str
    name: Annotated[str, Meta(min_length=1, max_length=NAME_CHARACTERS_MAX)]
    kind: str
    feed: Feed
    settings: dict[str, Any]  # Any: as above
    events: EventFilter = EventFilter()
    pace: Pace = Pace()
    audience: AudienceRule | None = None
    schedule: Schedule = Schedule()
    status: Status = Status.ACTIVE
    reason: str = ""
    said: Saying | None = None
    created_us: int
    changed_us: int
    origin: dict[str, int] = {}


class Wanted:
    """Decides which events a destination is told of.

    >>> wanted = Wanted(EventFilter(names=["Order Completed"]))
    >>> wanted.names
    frozenset({'Order Completed'})
    """

    def __init__(self, told: EventFilter) -> None:
        self.names = frozenset(told.names)
        self._sources = frozenset(told.sources)
        self._imported = told.imported
        self._condition: ParsedResult | None = compiled(told.condition, "The condition") if told.condition else None

    def fits(self, event: Event) -> bool:
        """Return whether an event is wanted, as far as name and source can tell."""
        if self.names:
            if event.name not in self.names:
                return False
        elif event.source_id == OWN_SOURCE:
            return False
        if was_imported(event) and not self._imported:
            return False
        return not self._sources or event.source_id in self._sources

    @property
    def has_condition(self) -> bool:
        """Whether the event's content must be looked at."""
        return self._condition is not None

    def holds(self, data: Any) -> bool:  # Any: an event's data as JSON
        """Return whether the condition holds for an event as others are told of it."""
        return self._condition is None or is_true(self._condition, data)


def checked(definition: Definition) -> Definition:
    """Return a definition whose parts belong together.

    Raises
    ------
    InvalidError
        With every fault.

    """
    problems: list[Sentence] = []
    if definition.feed == "audience" and definition.audience is None:
        problems.append(said("destination_for_whom", "Say for whom: `audience` with the consent that is needed."))
    if definition.feed != "audience" and definition.audience is not None:
        problems.append(f"A destination of the kind {definition.kind!r} takes no audience.")
    if definition.pace.batch_wait_s and definition.pace.batch_max == 1:
        problems.append(
            said("destination_batch_wait", "`batch_wait_s` waits for more events; set `batch_max` above 1 as well.")
        )
    try:
        Wanted(definition.events)
    except InvalidError as error:
        problems.append(error.sentence)
    if problems:
        raise InvalidError("The destination cannot be kept: " + " ".join(map(text_of, problems)), problems=problems)
    return definition
