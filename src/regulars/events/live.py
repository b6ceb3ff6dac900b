"""What came lately, newest first, and what comes now: read from the log itself, not from a copy."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

import msgspec

from regulars.events import store, worker_store
from regulars.events.core import Event, Position, Verdict
from regulars.events.decode import DecodedRequest, position_of, read_request
from regulars.events.reasons import CONTENT_DIFFERS, DUPLICATE
from regulars.events.record import decode_entry
from regulars.events.shown import (
    EventInFull,
    LiveEvent,
    PlansRead,
    covered_event,
    in_full,
    lines_of,
    raw_of,
    request_of,
    shown_verdict,
)
from regulars.events.worker_store import offsets
from regulars.kernel.clock import MICROSECONDS_PER_SECOND, Clock
from regulars.kernel.database import Database
from regulars.kernel.errors import NotFoundError
from regulars.kernel.eventlog import EventLog, Record
from regulars.kernel.http import Page, decode_cursor, encode_cursor
from regulars.kernel.ids import CustomerId

SCANNED_MAX = 20_000  # records a search looks at before it hands back what it has, with a cursor
WINDOW = 200
TAIL_RECORDS_MAX = 100  # of each partition and each look; above, a person could not read it anyway
SETTLED_US = MICROSECONDS_PER_SECOND  # a record not taken in after this long is shown all the same

CustomerOf = Callable[[str, str], CustomerId | None]
Place = tuple[int, int]  # everything strictly before this (offset, index) is still to come


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which events somebody wants to see; None means all."""

    name: str | None = None
    source_id: str | None = None
    outcome: str | None = None
    reason: str | None = None
    customer: str | None = None

    def covers(self, line: LiveEvent) -> bool:
        """Return whether a line is wanted."""
        if self.name is not None and line.name != self.name:
            return False
        if self.source_id is not None and line.source_id != self.source_id:
            return False
        if self.outcome is not None and line.outcome != self.outcome:
            return False
        if self.reason is not None and self.reason not in line.codes:
            return False
        return self.customer is None or self.customer in {line.customer_id, line.user_id, line.anonymous_id}


class Live:
    """Reads the log for people."""

    def __init__(self, *, database: Database, clock: Clock, log: EventLog) -> None:
        self._database = database
        self._clock = clock
        self._log = log
        self.customer_of: CustomerOf | None = None
        self.plans_read: Callable[[], AbstractContextManager[PlansRead]] = lambda: nullcontext(_NoPlans())

    def recent(self, wanted: Wanted, *, cursor: str | None, limit: int) -> Page[LiveEvent]:
        """Return wanted events, the newest first."""
        places = decode_cursor(cursor, dict[str, Place]) or {}
        places = {name: places.get(name, (self._log.end(name), 1 << 30)) for name in self._log.partitions()}
        names = self._source_names()
        found: list[LiveEvent] = []
        scanned = 0
        with self.plans_read() as plans:
            for request, repeated in self._backwards(dict(places)):
                scanned += 1
                for line in lines_of(request, names, repeated, plans):
                    index = int(line.event_id.rpartition(".")[2])
                    if (request.offset, index) >= places[request.partition]:
                        continue
                    known = self._with_customer(line)
                    if wanted.covers(known):
                        found.append(known)
                    places[request.partition] = (request.offset, index)
                    if len(found) >= limit:
                        return Page(found, encode_cursor(places))
                if scanned >= SCANNED_MAX:
                    return Page(found, encode_cursor(places))
        return Page(found)

    def find(self, event_id: str, *, covered: bool = False) -> EventInFull:
        """Return everything about one event; `covered`, what its plan marks as personal cannot be read.

        Raises
        ------
        NotFoundError
            When there is no such event, or the log no longer keeps it.

        """
        record = self._record(position_of(event_id))
        if record is not None:
            request = read_request(record)
            repeated = self._duplicates(record.partition, record.offset, record.offset).get(record.offset, {})
            with self.plans_read() as plans:
                for line in lines_of(request, self._source_names(), repeated, plans):
                    if line.event_id == event_id:
                        return self._in_full(line, request, record, plans, covered=covered)
        raise NotFoundError(f"There is no event {event_id!r}, or the log no longer keeps it.")

    def tail(self) -> Tail:
        """Return a reader that starts now."""
        return Tail(self, {name: self._log.end(name) for name in self._log.partitions()})

    def after(self, reached: dict[str, int], wanted: Wanted) -> tuple[list[LiveEvent], int]:
        """Return what came since, oldest first, and how many records were passed over; moves `reached` on."""
        taken_in = self._taken_in()
        names = self._source_names()
        lines: list[LiveEvent] = []
        passed_over = 0
        for partition in self._log.partitions():
            begin = reached.setdefault(partition, 0)
            skipped = max(0, self._log.end(partition) - begin - TAIL_RECORDS_MAX)
            passed_over += skipped
            records = self._log.read(partition, after=begin + skipped, records_max=TAIL_RECORDS_MAX)
            settled_us = self._clock.now_us() - SETTLED_US
            ready = [
                record
                for record in records
                if record.offset <= taken_in.get(partition, 0) or record.accepted_us < settled_us
            ]
            reached[partition] = ready[-1].offset if ready else begin + skipped
            if ready:
                repeated = self._duplicates(partition, ready[0].offset, ready[-1].offset)
                with self.plans_read() as plans:
                    for record in ready:
                        request, before = read_request(record), repeated.get(record.offset, {})
                        lines.extend(reversed(list(lines_of(request, names, before, plans))))
        known = [self._with_customer(line) for line in sorted(lines, key=lambda line: line.received_at)]
        return [line for line in known if wanted.covers(line)], passed_over

    def _record(self, place: Position | None) -> Record | None:
        if place is None or place.partition not in self._log.partitions():
            return None
        records = self._log.read(place.partition, after=place.offset - 1, records_max=1)
        return records[0] if records and records[0].offset == place.offset else None

    def _in_full(
        self, line: LiveEvent, request: DecodedRequest, record: Record, plans: PlansRead, *, covered: bool
    ) -> EventInFull:
        place = position_of(line.event_id)
        assert place is not None, "a line's id is made from its place"
        event = next((event for event in request.events if event.position == place), None)
        verdict = plans.verdicts([event])[0] if event and line.outcome != "duplicate" else None
        cover = plans.cover(request.source_id or "")
        found = EventInFull(
            live=self._with_customer(line),
            event=in_full(event) if event else None,
            raw=raw_of(decode_entry(record.payload), place.index),
            request=request_of(request),
            at=next((fault.at for fault in request.rejected if fault.index == place.index), ""),
            verdict=shown_verdict(verdict) if verdict else None,
            personal=cover.marks(event.call, event.properties, event.context) if cover and event else [],
        )
        return covered_event(found, cover) if covered and cover else found

    def _backwards(self, places: dict[str, Place]) -> Iterator[tuple[DecodedRequest, Mapping[int, str]]]:
        streams = [self._partition_backwards(name, place[0]) for name, place in places.items()]
        return heapq.merge(*streams, key=lambda one: -one[0].received_us)

    def _partition_backwards(self, partition: str, last: int) -> Iterator[tuple[DecodedRequest, Mapping[int, str]]]:
        while last > 0:
            first = max(0, last - WINDOW)
            records = self._log.read(partition, after=first, records_max=last - first)
            repeated = self._duplicates(partition, first + 1, last) if records else {}
            for record in reversed(records):
                yield read_request(record), repeated.get(record.offset, {})
            last = first if records else 0

    def _duplicates(self, partition: str, first: int, last: int) -> dict[int, dict[int, str]]:
        """Return why items of these records were counted before: index and code, by offset."""
        with self._database.read() as connection:
            repeated = store.duplicates(connection, partition, first, last)
            differing = worker_store.differing(connection, partition, first, last) if repeated else {}
        return {
            offset: {index: CONTENT_DIFFERS if index in differing.get(offset, ()) else DUPLICATE for index in indexes}
            for offset, indexes in repeated.items()
        }

    def _taken_in(self) -> dict[str, int]:
        with self._database.read() as connection:
            return offsets(connection)

    def _source_names(self) -> dict[str, str]:
        with self._database.read() as connection:
            return {row.source_id: row.name for row in store.sources(connection)}

    def _with_customer(self, line: LiveEvent) -> LiveEvent:
        if self.customer_of is None or line.outcome == "rejected":
            return line
        for kind, value in (("user_id", line.user_id), ("anonymous_id", line.anonymous_id)):
            customer_id = self.customer_of(kind, value) if value else None
            if customer_id is not None:
                return msgspec.structs.replace(line, customer_id=customer_id)
        return line


class _NoPlans:
    """A shop without tracking plans."""

    def verdicts(self, events: Sequence[Event]) -> Sequence[Verdict | None]:
        return [None] * len(events)

    def cover(self, source_id: str) -> None:  # noqa: ARG002 (nothing is marked, whose ever it is)
        return None


class Tail:
    """What comes from now on, a look at a time."""

    def __init__(self, live: Live, reached: dict[str, int]) -> None:
        self._live = live
        self._reached = reached

    def look(self, wanted: Wanted) -> tuple[list[LiveEvent], int]:
        """Return what came since the last look, oldest first, and how many records were too many to show."""
        return self._live.after(self._reached, wanted)
