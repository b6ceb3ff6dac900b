"""What did one customer do, in order? The same rules as `core.histories`, for one customer at a time, in memory.

Entries are raw interactions in order of time, then of arrival; steps are what remains when repeats in a row are one and
what was put aside is gone. Only the last entries are kept: models look no further back.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from regulars.recommend.core.sessions import SESSION_GAP_US
from regulars.recommend.core.transitions import DECAY, WINDOW

ENTRIES_KEPT = 64  # taste reads the last 40 items, transitions 20 and a window of 10, sessions 9
ENTRIES_MAX = 96  # trimmed back to ENTRIES_KEPT when more: moving memory once in 32 events


Row = tuple[int, int, float, int]  # item, moment, strength, crowd


class Step(NamedTuple):
    """An item, when it was taken up and when it was last touched, and in which crowd (a number the engine gives)."""

    item: int
    first_us: int
    last_us: int
    crowd: int = 0


class Entries:
    """One customer's last raw interactions."""

    __slots__ = ("at_us", "crowds", "items", "strengths")

    def __init__(self) -> None:
        self.items = array("i")
        self.at_us = array("q")
        self.strengths = array("f")
        self.crowds = array("h")

    def __len__(self) -> int:
        return len(self.items)

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Entries:
        """Return entries from (item, moment, strength, crowd) in order."""
        entries = cls()
        for item, at_us, strength, crowd in rows:
            entries.items.append(item)
            entries.at_us.append(at_us)
            entries.strengths.append(strength)
            entries.crowds.append(crowd)
        return entries

    def add(self, item: int, at_us: int, strength: float, crowd: int = 0) -> None:
        """Put an interaction in its place: after everything of the same moment."""
        place = bisect_right(self.at_us, at_us)
        self.items.insert(place, item)
        self.at_us.insert(place, at_us)
        self.strengths.insert(place, strength)
        self.crowds.insert(place, crowd)

    def trim(self) -> None:
        """Forget the oldest when there are too many."""
        if len(self.items) > ENTRIES_MAX:
            for part in (self.items, self.at_us, self.strengths, self.crowds):
                del part[: len(part) - ENTRIES_KEPT]

    def rows(self) -> Iterator[Row]:
        """Walk (item, moment, strength, crowd) in order."""
        return zip(self.items, self.at_us, self.strengths, self.crowds, strict=True)


def merged(first: Entries, second: Entries) -> Entries:
    """Return the entries of two customers as one's; at the same moment, the first customer's come first."""
    rows = sorted([*first.rows(), *second.rows()], key=lambda row: row[1])
    return Entries.of(rows)


def steps_of(entries: Entries) -> list[Step]:
    """Return the steps that remain of raw entries.

    >>> steps_of(Entries.of([(7, 1, 1.0, 0), (7, 2, 1.0, 0), (8, 3, 1.0, 0), (8, 4, -0.5, 0)]))
    [Step(item=7, first_us=1, last_us=2, crowd=0)]
    """
    found: list[Step] = []
    run, run_strength = Step(-1, 0, 0), -1.0
    for item, at_us, strength, crowd in entries.rows():
        if item == run.item:
            run = run._replace(last_us=at_us)
        else:
            if run_strength >= 0:
                found.append(run)
            run = Step(item, at_us, at_us, crowd)
        run_strength = strength
    if run_strength >= 0:
        found.append(run)
    return found


def common_prefix(before: list[Step], after: list[Step]) -> int:
    """Return how many steps both begin with; when a step was last touched does not matter."""
    length = 0
    for one, other in zip(before, after, strict=False):
        if one.item != other.item or one.first_us != other.first_us:
            break
        length += 1
    return length


def common_moments(before: list[Step], after: list[Step]) -> int:
    """Return how many steps both begin with, moments of first and last touch included: sessions are cut by both."""
    length = 0
    for one, other in zip(before, after, strict=False):
        if (one.item, one.first_us, one.last_us) != (other.item, other.first_us, other.last_us):
            break
        length += 1
    return length


def pairs(steps: list[Step], start: int) -> Iterator[tuple[int, int, float]]:
    """Walk (from, to, count) of every transition whose later step stands at `start` or beyond.

    >>> list(pairs([Step(1, 0, 0), Step(2, 1, 1), Step(3, 2, 2)], 2))
    [(2, 3, 1.0), (1, 3, 0.8)]
    """
    for place in range(start, len(steps)):
        item = steps[place].item
        for distance in range(1, min(WINDOW, place) + 1):
            earlier = steps[place - distance].item
            if earlier != item:
                yield earlier, item, DECAY_POWERS[distance - 1]


DECAY_POWERS = tuple(DECAY**power for power in range(WINDOW))


def sessions_of(steps: list[Step]) -> list[list[Step]]:
    """Cut steps into sessions where nothing happened for half an hour.

    >>> [len(part) for part in sessions_of([Step(1, 0, 0), Step(2, 5, 5), Step(3, 10**12, 10**12)])]
    [2, 1]
    """
    found: list[list[Step]] = []
    for place, step in enumerate(steps):
        if place and step.first_us - steps[place - 1].last_us <= SESSION_GAP_US:
            found[-1].append(step)
        else:
            found.append([step])
    return found
