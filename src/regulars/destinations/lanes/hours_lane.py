"""Writes hours: settles what makes up each once nothing more can come, then writes it, the newest first."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Event as Flag
from typing import TYPE_CHECKING, Protocol

import msgspec
from sqlalchemy import Connection

from regulars.destinations.core.hours import HOUR_US, SETTLING_US, HourPlan, Slice, hour_of, is_over, sliced
from regulars.destinations.core.kinds import Answer, Hour, Outcome, TakesHours
from regulars.destinations.history import late_in, minutes_of, rows_of
from regulars.destinations.lanes.booking import Booking, Done
from regulars.destinations.store import definitions, hours
from regulars.destinations.store.definitions import Kept
from regulars.destinations.store.hours import HourRow
from regulars.kernel.clock import moment
from regulars.kernel.eventlog import Record
from regulars.kernel.sayings import said
from regulars.lake import Lake

if TYPE_CHECKING:
    import pyarrow as pa


class KnowsLog(Protocol):
    """The log, as far as an hour must know it."""

    def partitions(self) -> list[str]:
        """Return the names of all partitions."""
        ...

    def start(self, partition: str) -> int:
        """Return the offset before the first record."""
        ...

    def read(self, partition: str, *, after: int, records_max: int) -> list[Record]:
        """Return records after an offset."""
        ...


@dataclass(frozen=True)
class History:
    """What hours are made from: the lake, the log, and how far the log has taken effect."""

    lake: Lake
    log: KnowsLog
    reached: Callable[[Connection], dict[str, int]]

    def has_settled(self, reached: dict[str, int], before_us: int) -> bool:
        """Return whether everything accepted before a moment has taken effect."""
        for partition in self.log.partitions():
            after = max(reached.get(partition, 0), self.log.start(partition))
            waiting = self.log.read(partition, after=after, records_max=1)
            if waiting and waiting[0].accepted_us < before_us:
                return False
        return True


class HoursLane:
    """Delivers hours."""

    def __init__(self, booking: Booking, history: History) -> None:
        self._booking = booking
        self._history = history

    def has_work(self, kept: Kept, now_us: int) -> bool:
        """Return whether an hour is over or waits to be written."""
        with self._booking.database.read() as connection:
            due = hours.next_due(connection, kept.definition.destination_id)
            return due is not None or is_over(self._next_hour(connection, kept), now_us)

    def step(self, kept: Kept, destination: TakesHours, stop: Flag) -> int:
        """Settle what is over, write one hour, and return how many hours were written."""
        del stop  # an hour is written in one go; killed in the middle it is written again
        self._settle(kept)
        with self._booking.database.read() as connection:
            health = definitions.health_of(connection, kept.definition.destination_id)
            due = hours.next_due(connection, kept.definition.destination_id)
        if due is None or health.wait_until_us > self._booking.clock.now_us():
            return 0
        self._write(kept, destination, due)
        return 1

    def _next_hour(self, connection: Connection, kept: Kept) -> int:
        first = hour_of(kept.definition.created_us)
        last = hours.last(connection, kept.definition.destination_id, from_us=first)
        return first if last is None else last + HOUR_US

    def _settle(self, kept: Kept) -> None:
        now_us = self._booking.clock.now_us()
        with self._booking.database.read() as connection:
            reached = self._history.reached(connection)
            first = self._next_hour(connection, kept)
            floor = self._floor(connection, kept, first)
        plans = []
        while is_over(first, now_us) and self._history.has_settled(reached, first + HOUR_US + SETTLING_US):
            plans.append(HourPlan(start_us=first, floor=floor, ceiling=reached))
            first, floor = first + HOUR_US, reached
        if plans:
            with self._booking.database.write() as connection:
                for plan in plans:
                    hours.settle(connection, kept.definition.destination_id, plan)

    def _floor(self, connection: Connection, kept: Kept, hour_us: int) -> dict[str, int]:
        before = hours.one(connection, kept.definition.destination_id, hour_us - HOUR_US)
        is_first = before is None or hour_us <= hour_of(kept.definition.created_us)
        return kept.definition.origin if is_first or before is None else before.plan.ceiling

    def _write(self, kept: Kept, destination: TakesHours, due: HourRow) -> None:
        destination_id, plan = kept.definition.destination_id, due.plan
        if plan.slices is None:
            plan = msgspec.structs.replace(plan, slices=self._cut(kept, plan))
            with self._booking.database.write() as connection:
                hours.cut(connection, destination_id, plan)
        written = [0]

        def parts() -> Iterator[pa.Table]:
            for piece in plan.slices or ():
                table = self._rows(kept, plan, piece, again=due.again)
                written[0] += table.num_rows
                yield table

        hour = Hour(start_us=plan.start_us, again=due.written_us is not None)
        answer = _told(destination, hour, parts())
        events, now_us = written[0], self._booking.clock.now_us()
        done = Done(
            answer=answer,
            at_us=now_us,
            about=moment(plan.start_us).isoformat(),
            delivered=(events or 1) if answer.is_good else 0,
            retried=0 if answer.is_good else 1,
        )

        def remember(connection: Connection) -> None:
            if answer.is_good:
                hours.done(connection, destination_id, plan.start_us, events=events, now_us=now_us)

        self._booking.book(kept, [done], remember, tolerated=1)

    def _cut(self, kept: Kept, plan: HourPlan) -> list[Slice]:
        since_us = self._since_us(kept, plan, again=False)
        minutes = minutes_of(self._history.lake, plan, since_us)
        return sliced(plan.start_us, minutes, late_in(self._history.lake, plan, since_us))

    def _rows(self, kept: Kept, plan: HourPlan, piece: Slice, *, again: bool) -> pa.Table:
        return rows_of(self._history.lake, plan, piece, self._since_us(kept, plan, again=again))

    def _since_us(self, kept: Kept, plan: HourPlan, *, again: bool) -> int:
        """Return since when files of history may hold events of an hour: none was written before they came."""
        is_past = plan.start_us < hour_of(kept.definition.created_us)
        return 0 if again or is_past else plan.start_us - HOUR_US


def _told(destination: TakesHours, hour: Hour, parts: Iterator[pa.Table]) -> Answer:
    begun = time.monotonic()
    try:
        return destination.write(hour, parts)
    except Exception as error:  # whatever a stranger's kind raises is a failed try, not the end of the lane
        spent_ms = round((time.monotonic() - begun) * 1000)
        sentence = said("cannot_write", "It cannot write: {kind}.", kind=type(error).__name__)
        return Answer(outcome=Outcome.RETRY, sentence=sentence, duration_ms=spent_ms)
