"""Which events make up an hour, and when is an hour whole? Pure.

An hour is settled by how far the log had taken effect when it was closed (its `ceiling`): it holds every event that
was received within it and stands at or below that place, and whatever was received earlier but took effect only after
the hour before was closed (its `floor`). So every event belongs to exactly one hour, and an hour never changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from regulars.kernel.clock import MICROSECONDS_PER_SECOND, microseconds, moment

HOUR_US = 3600 * MICROSECONDS_PER_SECOND
SETTLING_US = 120 * MICROSECONDS_PER_SECOND  # a request is durable within seconds of being received, or it is refused
PART_EVENTS_MAX = 250_000  # held in memory while a part is written: some 250 MB
FOLDER = "events"

Offsets = Mapping[str, int]


class Slice(msgspec.Struct, frozen=True, array_like=True):
    """A span of arrival within an hour that becomes one file; `late` marks what was received before the hour."""

    from_us: int
    to_us: int
    late: bool = False


class HourPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What makes up an hour, settled once: the same at every writing. How it is cut into files is settled later."""

    start_us: int
    floor: dict[str, int]
    ceiling: dict[str, int]
    slices: list[Slice] | None = None


def hour_of(at_us: int) -> int:
    """Return when the hour of a moment began.

    >>> hour_of(3_600_000_000 + 5)
    3600000000
    """
    return at_us - at_us % HOUR_US


def hours_between(first_us: int, last_us: int) -> list[int]:
    """Return the hours from that of one moment to that before another."""
    return list(range(hour_of(first_us), last_us, HOUR_US))


def is_over(hour_us: int, now_us: int) -> bool:
    """Return whether nothing more can be received in an hour."""
    return now_us >= hour_us + HOUR_US + SETTLING_US


def folder_of(hour_us: int) -> str:
    """Return where an hour lies, by the names that every engine reads as columns.

    >>> folder_of(1_790_856_000_000_000)
    'events/dt=2026-10-01/hour=12'
    """
    at = moment(hour_us)
    return f"{FOLDER}/dt={at.date().isoformat()}/hour={at.hour:02}"


def part_of(number: int) -> str:
    """Return the name of an hour's file."""
    return f"part-{number:05}.parquet"


def sliced(start_us: int, minutes: Sequence[tuple[int, int]], late: int) -> list[Slice]:
    """Return an hour cut into files of a bearable size.

    Parameters
    ----------
    start_us
        When the hour begins.
    minutes
        (minute within the hour, events in it), in order; minutes without events may be left out.
    late
        How many events were received before the hour.

    >>> [(one.from_us, one.to_us) for one in sliced(0, [(0, 200_000), (1, 100_000)], late=0)]
    [(0, 60000000), (60000000, 3600000000)]
    """
    minute_us = 60 * MICROSECONDS_PER_SECOND
    cuts, held = [start_us], 0
    for minute, events in minutes:
        if held and held + events > PART_EVENTS_MAX:
            cuts.append(start_us + minute * minute_us)
            held = 0
        held += events
    spans = [Slice(begin, end) for begin, end in zip(cuts, [*cuts[1:], start_us + HOUR_US], strict=True)]
    found = spans if any(events for _, events in minutes) else []
    return [*found, Slice(0, start_us, late=True)] if late else found


def parsed_hour(text: str) -> int:
    """Return the hour of a moment as people write it.

    >>> parsed_hour("2026-10-01T12:34:00Z") == hour_of(1_790_858_040_000_000)
    True
    """
    return hour_of(microseconds(datetime.fromisoformat(text)))
