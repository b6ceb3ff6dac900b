"""One file tried out, or taken in: the walk's loads, sifted by what went in before, put into the log, counted.

A crash at any instant loses nothing and doubles nothing. Each load is in the log before the database remembers its
messages and the place reached, both in one transaction; a load that was in the log when the process died is appended
once more, and the worker counts each of its messages once.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Protocol

import msgspec
from sqlalchemy import Connection

from regulars.events.imports import store
from regulars.events.imports.core.mapping import RowMapping
from regulars.events.imports.elsewhere import ORDER_NUMBER, WITHIN_US, KnowsOrders
from regulars.events.imports.report import CustomerFigures, HistoryReport, SampleRow, Tally, samples_of
from regulars.events.imports.walking import Load, Walk, request_of
from regulars.events.plans.snapshot import Personal
from regulars.events.record import AcceptedRequest, encode_entry
from regulars.events.worker_store import offsets
from regulars.kernel.clock import Clock
from regulars.kernel.database import Database
from regulars.kernel.errors import UnavailableError
from regulars.kernel.eventlog import EventLog
from regulars.kernel.ids import CustomerId
from regulars.kernel.sayings import said
from regulars.kernel.tables import Format, Row, RowProblem

RECORDS_AHEAD_MAX = 20  # of 500 events each: what comes in live waits for some 10,000 imported events, about a second
LOOK_EVERY_S = 0.05
PEOPLE_A_QUESTION = 500

Key = tuple[str, str]
Customers = Mapping[Key, CustomerId]


class KnowsCustomers(Protocol):
    """Whoever can say which identifiers are known, and whose they are: identity."""

    def __call__(self, keys: Sequence[Key], /) -> Customers:
        """Return the customers of those (kind, value) that are known."""
        ...


class Told(Protocol):
    """Hears how far the work is; raises to stop it."""

    def __call__(self, done: int, total: int | None, note: str) -> None:
        """Hear it."""
        ...


class Checkpoint(Protocol):
    """Keeps where the work stands, in a transaction."""

    def __call__(self, tally: Tally, connection: Connection) -> None:
        """Keep it."""
        ...


def nobody_listens(done: int, total: int | None, note: str) -> None:
    """Hear nothing."""


def nothing_kept(tally: Tally, connection: Connection) -> None:
    """Keep nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A file to be walked, what it means, and through which source it comes."""

    file: IO[bytes]
    format: Format
    mapping: RowMapping
    source_id: str
    import_id: str = ""


class Intake:
    """Takes files in for one shop."""

    def __init__(
        self,
        *,
        database: Database,
        log: EventLog,
        clock: Clock,
        known_customers: KnowsCustomers | None = None,
        known_orders: KnowsOrders | None = None,
        personal: Personal | None = None,
        waits_for_worker: bool = True,
    ) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._known_customers = known_customers
        self._known_orders = known_orders
        self._personal = personal
        self._waits_for_worker = waits_for_worker

    def try_out(self, given: Given, told: Told = nobody_listens) -> tuple[HistoryReport, list[SampleRow]]:
        """Walk the whole file and say what would become of it; nothing changes."""
        tally = Tally(now_us=self._clock.now_us())
        samples: list[SampleRow] = []
        with Walk(given.file, format=given.format, mapping=given.mapping, now_us=tally.now_us) as walk:
            _survey(walk, told)
            for load in walk.loads():
                keys = _keys(given, load)
                with self._database.read() as connection:
                    taken = store.taken_among(connection, keys)
                again = walk.scratch.seen_before(keys)
                fresh = [key not in taken and not repeats for key, repeats in zip(keys, again, strict=True)]
                before = {number for group in tally.problems for number in group.row_numbers}
                _count(tally, load, fresh)
                _note_orders(walk, load, fresh)
                after = {number for group in tally.problems for number in group.row_numbers}
                samples += samples_of(load, after - before)
                for unit in load.units:
                    if unit.fate == "taken" and unit.person.is_somebody:
                        walk.scratch.note_person(unit.person.identifiers())
                told(tally.rows, walk.rows_surveyed, "rows")
            report = tally.report(
                dry_run=True,
                customers=self._customers(walk),
                shared=walk.scratch.count_shared(),
                elsewhere=self._elsewhere(walk, given.source_id),
            )
            return report, samples

    def take_in(
        self,
        given: Given,
        told: Told = nobody_listens,
        *,
        tally: Tally | None = None,
        checkpoint: Checkpoint = nothing_kept,
        open_rejected: Callable[[], IO[bytes]] | None = None,
    ) -> HistoryReport:
        """Put every good row into the log, from where an earlier attempt stood, and the others into a file."""
        tally = tally or Tally(now_us=self._clock.now_us())
        with Walk(given.file, format=given.format, mapping=given.mapping, now_us=tally.now_us) as walk:
            if not tally.rows:
                walk.refuse_wrong_encoding()
            _survey(walk, told)
            for load in walk.loads(after_row=tally.last_row):
                self._put(load, tally, given, checkpoint)
                told(tally.rows, walk.rows_surveyed, "rows")
                self._let_live_events_pass(tally, walk.rows_surveyed, told)
            has_rejected_file = bool(tally.refused) and open_rejected is not None
            if tally.refused and open_rejected is not None:
                told(tally.rows, walk.rows_surveyed, "rejected rows")
                with open_rejected() as target:
                    walk.table.rejected(target, _refused(walk))
            return tally.report(dry_run=False, shared=walk.scratch.count_shared(), has_rejected_file=has_rejected_file)

    def _put(self, load: Load, tally: Tally, given: Given, checkpoint: Checkpoint) -> None:
        keys = _keys(given, load)
        with self._database.read() as connection:
            known = store.taken_among(connection, keys)
        fresh: list[bool] = []
        for key in keys:
            fresh.append(key not in known)
            known.add(key)
        raws = [raw for raw, is_new in zip(load.raws, fresh, strict=True) if is_new]
        _count(tally, load, fresh)
        with self._database.write() as connection:
            store.hold(connection, given.import_id)
            _refuse_replaced(given.file)
            if raws:
                request = request_of(given.source_id, self._clock.now_us(), given.import_id, raws)
                self._log.append_many([encode_entry(self._without_personal(request))])
            store.take(connection, [key for key, is_new in zip(keys, fresh, strict=True) if is_new])
            checkpoint(tally, connection)

    def _without_personal(self, request: AcceptedRequest) -> AcceptedRequest:
        """Return a request with what a tracking plan hashes or drops at the door; this is the same door."""
        if self._personal is None:
            return request
        body, _ = self._personal.taken_out(request.source_id, request.path, request.body, "")
        return msgspec.structs.replace(request, body=body)

    def _customers(self, walk: Walk) -> CustomerFigures | None:
        if self._known_customers is None:
            return None
        known = new = joining = 0
        for people in _in_parts(walk.scratch.people(), PEOPLE_A_QUESTION):
            found = self._known_customers([key for keys in people for key in keys])
            for keys in people:
                owners = {found[key] for key in keys if key in found}
                known += bool(owners)
                new += not owners
                joining += len(owners) > 1
        return CustomerFigures(known=known, new=new, joining=joining)

    def _elsewhere(self, walk: Walk, source_id: str) -> int:
        """Return how many orders of the file came through another source at about the same time."""
        spans = walk.scratch.orders()
        if self._known_orders is None or not spans:
            return 0
        found = self._known_orders(
            names=[name for name, _, _ in spans],
            not_of=source_id,
            first_us=min(first for _, first, _ in spans) - WITHIN_US,
            last_us=max(last for _, _, last in spans) + WITHIN_US,
        )
        for orders in found:
            walk.scratch.meet([(one.name, one.number, one.at_us) for one in orders], within_us=WITHIN_US)
        return walk.scratch.count_met()

    def _let_live_events_pass(self, tally: Tally, total: int | None, told: Told) -> None:
        """Wait while much of the log has not taken effect, so that what happens now is never far behind."""
        pause = threading.Event()
        while self._waits_for_worker and self._records_ahead() > RECORDS_AHEAD_MAX:
            told(tally.rows, total, "waiting for the worker")
            pause.wait(LOOK_EVERY_S)

    def _records_ahead(self) -> int:
        with self._database.read() as connection:
            reached = offsets(connection)
        return sum(max(0, self._log.end(partition) - reached.get(partition, 0)) for partition in self._log.partitions())


def _note_orders(walk: Walk, load: Load, fresh: Sequence[bool]) -> None:
    for event, is_new in zip(load.events, fresh, strict=True):
        number = event.properties.get(ORDER_NUMBER)
        if is_new and isinstance(number, str | int):
            walk.scratch.note_order(event.name, str(number).strip(), event.occurred_us)


def _keys(given: Given, load: Load) -> list[tuple[int, int]]:
    return [store.halves_of(given.source_id, event.message_id) for event in load.events]


def _refuse_replaced(file: IO[bytes]) -> None:
    """Stop when somebody was taken out of the file since it was opened: their rows may not go in any more."""
    try:
        links = os.fstat(file.fileno()).st_nlink
    except (OSError, AttributeError):
        return  # no file of this machine's disk
    if links == 0:
        raise UnavailableError(
            said(
                "import_file_changed",
                "Somebody was taken out of the file meanwhile. The import goes on with what it is now.",
            )
        )


def _survey(walk: Walk, told: Told) -> None:
    if walk.needs_survey:
        for rows in walk.survey():
            told(0, None, f"looking through {rows:,} rows")


def _count(tally: Tally, load: Load, fresh: Sequence[bool]) -> None:
    again = sum(
        not is_new and event.call != "identify" for event, is_new in zip(load.events, fresh, strict=True)
    )  # the same introduction stands in every row of a customer and is no news
    news = [event for event, is_new in zip(load.events, fresh, strict=True) if is_new]
    tally.repeated += again
    tally.count(msgspec.structs.replace(load, events=news))


def _refused(walk: Walk) -> Iterator[tuple[Row, list[RowProblem]]]:
    for load in walk.loads():
        for unit in load.units:
            if unit.fate != "refused":
                continue
            for row in unit.rows:
                yield (
                    row,
                    [
                        RowProblem(row.number, fault.column, fault.reason)
                        for at, fault in unit.faults
                        if at is row and fault.weight == "refused"
                    ],
                )


def _in_parts(people: Iterator[list[Key]], size: int) -> Iterator[list[list[Key]]]:
    part: list[list[Key]] = []
    for keys in people:
        part.append(keys)
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part
