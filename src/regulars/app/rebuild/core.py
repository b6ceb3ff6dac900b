"""What is to be rebuilt, how far is it, and what differs afterwards? Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from regulars.kernel.errors import InvalidError, NotFoundError, nearest
from regulars.kernel.sayings import Saying

WORKER = "worker"  # the worker's own tables: what has been seen, what could not be taken in
NUMBERING = "identity"  # whose numbers every part after it files by

State = Literal["waiting", "running", "paused", "failed", "done", "discarded"]
UNFINISHED: tuple[State, ...] = ("waiting", "running", "paused", "failed")


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Which parts are made anew; `feeds` are worked out beside them only because they need them."""

    parts: list[str]
    feeds: list[str]
    whole: bool


class TableDifference(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows a table has now, and how many it would have."""

    table: str
    before: int
    after: int


class ProfileDifference(msgspec.Struct, frozen=True, kw_only=True):
    """A sampled customer who would look different, and in what."""

    customer_id: str
    fields: list[str]


class RebuildComparison(msgspec.Struct, frozen=True, kw_only=True):
    """What would be different: tables by their rows, identifiers by whose they are, sampled profiles by what they show.

    Both states have taken in the log as far as the same offsets.
    """

    tables: list[TableDifference]
    identifiers_moved: int
    profiles_sampled: int
    profiles: list[ProfileDifference]

    @property
    def differs(self) -> bool:
        """Whether anything does."""
        rows = any(table.before != table.after for table in self.tables)
        return rows or bool(self.identifiers_moved or self.profiles)


class RebuildReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a rebuild did.

    `events` were taken in, `from_history` of them out of the lake because the log begins later; `news` are facts of
    our own that nobody had been told before. `notes` say what could not be made anew, a sentence each.
    """

    rebuild_id: str
    parts: list[str]
    swapped: bool
    events: int
    from_history: int
    seconds: float
    events_per_s: float
    news: int
    notes: list[str]
    comparison: RebuildComparison | None = None


class Rebuild(msgspec.Struct, frozen=True, kw_only=True):
    """One rebuild as the console sees it. `done` of `total` records, at `events_per_s`, some `seconds_left`."""

    rebuild_id: str
    parts: list[str]
    whole: bool
    state: State
    started_at: datetime
    changed_at: datetime
    finished_at: datetime | None
    done: int
    total: int
    events: int
    events_per_s: float
    seconds_left: float | None
    step: str
    error: str | None
    error_said: Saying | None
    report: RebuildReport | None


def plan_of(wanted: Iterable[str] | None, order: Sequence[str]) -> Plan:
    """Return what rebuilding these parts takes; None means everything.

    Parameters
    ----------
    wanted
        Names of projections.
    order
        Every part there is, in street order.

    Raises
    ------
    NotFoundError
        When a part does not exist.
    InvalidError
        When a part cannot be rebuilt without others.

    >>> plan_of(["profiles"], ["worker", "events", "identity", "profiles", "recommend"]).feeds
    ['identity']
    """
    parts = list(dict.fromkeys(order if wanted is None else wanted))
    for part in parts:
        if part not in order:
            raise NotFoundError(f"Nothing named {part!r} is derived from the log.{nearest(part, order)}")
    if not parts:
        raise InvalidError(f"Say what to rebuild: some of {', '.join(order[1:])}, or leave it out for everything.")
    parts.sort(key=order.index)
    if parts == list(order):
        return Plan(parts=parts, feeds=[], whole=True)
    if WORKER in parts:
        raise InvalidError(f"What the worker remembers is rebuilt only with everything, not with {_others(parts)}.")
    behind = list(order[order.index(NUMBERING) + 1 :]) if NUMBERING in order else []
    missing = [part for part in behind if part not in parts]
    if NUMBERING in parts and missing:
        raise InvalidError(
            f"Identity gives the numbers that {', '.join(missing)} file by. Rebuild those with it, or everything."
        )
    feeds = [NUMBERING] if NUMBERING not in parts and any(part in behind for part in parts) else []
    return Plan(parts=parts, feeds=feeds, whole=False)


def _others(parts: Sequence[str]) -> str:
    return ", ".join(part for part in parts if part != WORKER) or "nothing else"


def tables_of(parts: Iterable[str], tables: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the tables of some parts."""
    return [table for part in parts for table in tables[part]]


def seconds_left(done: int, total: int, seconds: float) -> float | None:
    """Return how long the rest will take at the pace so far; None before there is one.

    >>> seconds_left(25, 100, 10.0)
    30.0
    """
    return seconds / done * (total - done) if done and total >= done else None
