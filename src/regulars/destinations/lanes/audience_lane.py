"""Sends audiences: looks at everyone, remembers who belongs, tells the other side what it must know.

A run may be stopped at any moment and begun again: whom the other side has confirmed is not told again, and a file has
the name of its run. Who is forgotten here meanwhile is taken out over there as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from threading import Event as Flag

from sqlalchemy import Connection

from regulars.destinations.core.audience import Audience, Candidate, customer_of, member_key, removed, values_of
from regulars.destinations.core.kinds import Answer, Outcome, Parcel, Row, TakesAudience
from regulars.destinations.lanes.booking import Booking, Done
from regulars.destinations.store import definitions, members
from regulars.destinations.store.definitions import Kept
from regulars.destinations.store.members import CHANGED, NEW, Member, Sync
from regulars.kernel.clock import MICROSECONDS_PER_SECOND
from regulars.kernel.sayings import said

HOUR_US = 3600 * MICROSECONDS_PER_SECOND
LOOKED_AT_A_TIME = 500
ROWS_A_READ = 2_000

Told = tuple[str, Row]  # the key a member is filed under, and what is said of them


class AudienceLane:
    """Delivers audiences."""

    def __init__(self, booking: Booking, audience: Audience) -> None:
        self._booking = booking
        self._audience = audience

    def has_work(self, kept: Kept, now_us: int) -> bool:
        """Return whether a run is under way, asked for, or due by its schedule."""
        with self._booking.database.read() as connection:
            return _is_due(connection, kept, now_us)

    def step(self, kept: Kept, destination: TakesAudience, stop: Flag) -> int:
        """Do one run when it is due, and return how many members were told of."""
        now_us = self._booking.clock.now_us()
        with self._booking.database.read() as connection:
            health = definitions.health_of(connection, kept.definition.destination_id)
            if health.wait_until_us > now_us or not _is_due(connection, kept, now_us):
                return 0
            last = members.last_sync(connection, kept.definition.destination_id)
        run = self._begin(kept, last, now_us)
        if not self._look(kept, destination, run, stop):
            return 0
        told = self._tell_everyone(kept, destination, run) if destination.whole else self._tell(kept, destination, run)
        return told if told is not None else 0

    def _begin(self, kept: Kept, last: Sync | None, now_us: int) -> int:
        if last is not None and last.finished_us is None:
            return last.run
        run = 1 if last is None else last.run + 1
        with self._booking.database.write() as connection:
            members.begin_sync(connection, kept.definition.destination_id, run=run, now_us=now_us, asked=False)
        return run

    def _look(self, kept: Kept, destination: TakesAudience, run: int, stop: Flag) -> bool:
        """Write down who belongs; return whether everyone was looked at."""
        rule, left_out = kept.definition.audience, 0
        assert rule is not None, "a definition of an audience was checked to have a rule"
        now_us = self._booking.clock.now_us()
        belonging = (one for one in self._audience.candidates() if self._audience.holds(rule, one, now_us))
        while some := list(islice(belonging, LOOKED_AT_A_TIME)):
            if stop.is_set():
                return False
            found = _members(kept.definition.destination_id, some, destination, run)
            left_out += len(some) - len(found)
            with self._booking.database.write() as connection:
                known = members.known(connection, found)
                fresh = [_weighed(member, known.get(key)) for key, member in found.items()]
                members.put(connection, kept.definition.destination_id, fresh)
        with self._booking.database.write() as connection:
            members.drop_returned(connection, kept.definition.destination_id, run)
            counts = members.counted(connection, kept.definition.destination_id, run)
            members.note_sync(connection, kept.definition.destination_id, run, {**counts, "left_out": left_out})
        return True

    def _tell_everyone(self, kept: Kept, destination: TakesAudience, run: int) -> int | None:
        destination_id = kept.definition.destination_id
        rows = (Row(change="member", values=one.told) for one in self._pages(members.of_run, destination_id, run))
        count = [0]

        def counted() -> Iterator[Row]:
            for row in rows:
                count[0] += 1
                yield row

        def confirm(connection: Connection) -> None:
            members.confirm_run(connection, destination_id, run)
            members.finish_sync(connection, destination_id, run, self._booking.clock.now_us())

        answer = self._send(kept, destination, run, counted())
        self._book(kept, answer, run, count[0], confirm)
        return count[0] if answer.is_good else None

    def _tell(self, kept: Kept, destination: TakesAudience, run: int) -> int | None:
        destination_id, told = kept.definition.destination_id, 0
        everything = chain(self._came(destination_id, run), self._went(destination, destination_id, run))
        while some := list(islice(everything, destination.rows_max)):
            answer = self._send(kept, destination, run, [row for _, row in some])

            def confirm(connection: Connection, some: Sequence[Told] = tuple(some)) -> None:
                members.confirm(connection, [key for key, row in some if row.change != "removed"])
                gone = [key for key, row in some if row.change == "removed"]
                members.drop(connection, gone)
                members.drop_removals(connection, gone)

            self._book(kept, answer, run, len(some), confirm)
            if not answer.is_good:
                return None
            told += len(some)
        with self._booking.database.write() as connection:
            members.finish_sync(connection, destination_id, run, self._booking.clock.now_us())
        return told or 1

    def _came(self, destination_id: str, run: int) -> Iterator[Told]:
        for one in self._pages(members.untold, destination_id, run):
            yield one.member_key, Row(change="changed" if one.state == CHANGED else "added", values=one.told)

    def _went(self, destination: TakesAudience, destination_id: str, run: int) -> Iterator[Told]:
        for one in self._pages(members.gone, destination_id, run):
            yield one.member_key, removed(one.told, destination.key)
        after = ""
        while True:
            with self._booking.database.read() as connection:
                page = members.removals(connection, destination_id, after=after, rows_max=ROWS_A_READ)
            for key, values in page:
                yield key, removed(values, destination.key)
            if len(page) < ROWS_A_READ:
                return
            after = page[-1][0]

    def _pages(self, read: Callable[..., list[Member]], destination_id: str, run: int) -> Iterator[Member]:
        after = ""
        while True:
            with self._booking.database.read() as connection:
                page = read(connection, destination_id, run=run, after=after, rows_max=ROWS_A_READ)
            yield from page
            if len(page) < ROWS_A_READ:
                return
            after = page[-1].member_key

    def _send(self, kept: Kept, destination: TakesAudience, run: int, rows: Iterator[Row] | list[Row]) -> Answer:
        begun, name = time.monotonic(), f"{kept.definition.destination_id}-{run:06}"
        try:
            return destination.send(Parcel(name=name, run=run, rows=rows))
        except Exception as error:  # whatever a stranger's kind raises is a failed try, not the end of the lane
            spent_ms = round((time.monotonic() - begun) * 1000)
            sentence = said("cannot_send", "It cannot send: {kind}.", kind=type(error).__name__)
            return Answer(outcome=Outcome.RETRY, sentence=sentence, duration_ms=spent_ms)

    def _book(self, kept: Kept, answer: Answer, run: int, items: int, confirm: Callable[[Connection], None]) -> None:
        done = Done(
            answer=answer,
            at_us=self._booking.clock.now_us(),
            about=f"run {run}",
            delivered=(items or 1) if answer.is_good else 0,
            retried=0 if answer.is_good else (items or 1),
        )

        def change(connection: Connection) -> None:
            if answer.is_good:
                confirm(connection)

        self._booking.book(kept, [done], change, tolerated=1)


def _is_due(connection: Connection, kept: Kept, now_us: int) -> bool:
    definition = kept.definition
    last = members.last_sync(connection, definition.destination_id)
    if last is not None and last.finished_us is None:
        return True
    every_us = definition.schedule.every_h * HOUR_US
    if every_us and (last is None or now_us - last.begun_us >= every_us):
        return True
    return members.count_removals(connection, definition.destination_id) > 0


def _members(destination_id: str, some: list[Candidate], destination: TakesAudience, run: int) -> dict[str, Member]:
    """Return who can be named over there, by the key they are filed under; of two with one name the first counts."""
    found: dict[str, Member] = {}
    for one in some:
        told = values_of(one, destination.columns, phone_country=destination.phone_country)
        if told[destination.key]:
            key = member_key(destination_id, told[destination.key])
            found.setdefault(key, Member(key, customer_of(one), told, run, NEW))
    return found


def _weighed(member: Member, known: Member | None) -> Member:
    """Return a member with what the other side knows of them."""
    if known is None or known.state == NEW:
        return member
    if known.told == member.told:
        return member._replace(state=known.state)
    return member._replace(state=CHANGED)
