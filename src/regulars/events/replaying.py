"""How is history taken in again, into tables that nobody reads yet?

As the worker takes it in the first time: the same order, the same removal of duplicates, the same projections but those
that act outward. What the log has let go comes from the lake, with the identifiers and the place it came with; only
corrections, rejected items and repeated deliveries cannot be told again from there. News that the projections give is
not sent: it stands in the log already, and what does not is laid aside to be looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence

import msgspec
from sqlalchemy import Connection

from regulars.events import replaying_store as store
from regulars.events.core import Batch, Fact, Judge, Position, Projection
from regulars.events.decode import OWN_SOURCE, DecodedRequest
from regulars.events.dedupe import key_of
from regulars.events.lake_projection import event_of
from regulars.events.reader import Reader, Taken
from regulars.events.worker import Worker
from regulars.events.worker_store import closed_letters
from regulars.kernel.clock import Clock
from regulars.kernel.database import Database
from regulars.kernel.errors import UnavailableError
from regulars.kernel.eventlog import EventLog, Record
from regulars.kernel.ids import SourceId
from regulars.kernel.settings import EventsSettings
from regulars.lake import Lake, LakeRow

EVENTS_A_BATCH = 5_000  # nobody waits for the writer's turn here; above, the gain is lost to memory
ROWS_A_TIME = 10_000

OnBatch = Callable[[Batch], None]


class LogUntil:
    """The log as far as some offsets, whatever has come since: what a reader may see who must not go further."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self.until: dict[str, int] = {}
        self._begins: dict[str, int] = {}

    def begin(self) -> dict[str, int]:
        """Return the offset before the oldest record of each partition; from now on nothing after it may go."""
        self._begins = {partition: self._log.start(partition) for partition in self.partitions()}
        return self._begins

    def partitions(self) -> list[str]:
        """Return the partitions that may be read."""
        return sorted(self.until)

    def end(self, partition: str) -> int:
        """Return the offset of the last record that may be read."""
        return min(self.until.get(partition, 0), self._log.end(partition))

    def read(self, partition: str, *, after: int, records_max: int) -> list[Record]:
        """Return records in order, none after the last that may be read.

        Raises
        ------
        UnavailableError
            When the log has let go of some in between; what is missing stands in the lake.

        """
        room = min(records_max, self.until.get(partition, 0) - after)
        if room <= 0:
            return []
        found = self._log.read(partition, after=after, records_max=room)
        if found and found[0].offset > max(after, self._begins.get(partition, 0)) + 1:
            raise UnavailableError(f"The log let records of {partition!r} go while they were read. Begin once more.")
        return found


class Past:
    """What the log has let go, from the lake, as records: without body, each with its events."""

    def __init__(self, lake: Lake, spans: Mapping[str, tuple[int, int]]) -> None:
        self._lake = lake
        self._spans = {partition: span for partition, span in spans.items() if span[0] < span[1]}
        self._records: Iterator[Taken] = self._read() if self._spans else iter(())

    def take(self, events_max: int) -> list[Taken]:
        """Return the next records, until they hold `events_max` events; empty when there are no more."""
        taken: list[Taken] = []
        events = 0
        for one in self._records:
            taken.append(one)
            events += len(one.request.events) if one.request else 0
            if events >= events_max:
                break
        return taken

    def close(self) -> None:
        """Let go of what was read ahead."""
        if isinstance(self._records, Generator):
            self._records.close()

    def _read(self) -> Generator[Taken]:
        waiting: list[LakeRow] = []
        for rows in self._lake.walk_log(self._spans, rows_a_time=ROWS_A_TIME):
            for row in rows:
                if waiting and (row.partition, row.offset) != (waiting[0].partition, waiting[0].offset):
                    yield _record_of(waiting)
                    waiting = []
                waiting.append(row)
        if waiting:
            yield _record_of(waiting)


def _record_of(rows: Sequence[LakeRow]) -> Taken:
    first = rows[0]
    request = DecodedRequest(
        partition=first.partition,
        offset=first.offset,
        received_us=first.received_us,
        source_id=SourceId(first.source_id),
        path="",
        events=[event_of(row) for row in rows],
        rejected=[],
    )
    return Taken(Record(first.partition, first.offset, first.received_us, b""), request)


class Replayer(Worker):
    """A worker that takes history in again. Nothing leaves by it: not to the log, not to the world."""

    def __init__(
        self,
        *,
        database: Database,
        log: LogUntil,
        lake: Lake,
        clock: Clock,
        projections: Sequence[Projection],
        settings: EventsSettings | None = None,
        judge: Judge | None = None,
    ) -> None:
        super().__init__(
            database=database,
            log=log,  # type: ignore[arg-type]  # it reads; a Replayer never appends
            clock=clock,
            projections=projections,
            settings=settings,
            events_a_batch=EVENTS_A_BATCH,
            judge=judge,
        )
        self._reader: _Sequel = _Sequel(log, lake)
        self.on_batch: OnBatch = lambda _: None
        self.answering: Database | None = None  # what people work with meanwhile: it knows the letters they closed

    def prepare(self) -> None:
        """Make the places where news is laid aside, in the tables that are being filled."""
        with self._database.write() as connection:
            store.make_tables(connection)

    def reached(self) -> dict[str, int]:
        """Return how far the tables are filled, by partition."""
        with self._database.read() as connection:
            return store.offsets(connection)

    def news(self) -> list[Fact]:
        """Return the facts that the projections gave and that stand nowhere in what was read, oldest first."""
        with self._database.read() as connection:
            found = [msgspec.msgpack.decode(payload, type=Fact) for payload in store.unknown_news(connection)]
        return sorted(found, key=lambda fact: (fact.occurred_us, fact.message_id))

    def finish(self) -> None:
        """Remove what `prepare` made."""
        with self._database.write() as connection:
            store.drop_tables(connection)

    def _leave(self, batch: Batch, connection: Connection) -> None:
        own = [event for event in (*batch.events, *batch.duplicates) if event.source_id == OWN_SOURCE]
        store.note_told(connection, [key_of(event.source_id, event.message_id) for event in own])
        store.lay_aside(
            connection,
            [(key_of(OWN_SOURCE, fact.message_id), msgspec.msgpack.encode(fact)) for fact in batch.facts],
        )
        self.on_batch(batch)

    def _relay(self) -> int:
        return 0

    def _closed_letters(self) -> set[Position]:
        if self.answering is None:
            return set()
        with self.answering.read() as connection:
            return closed_letters(connection)


class _Sequel(Reader):
    """The lake's part first, then the log's."""

    def __init__(self, log: LogUntil, lake: Lake) -> None:
        super().__init__(log)  # type: ignore[arg-type]  # a reader needs no more of a log than reading
        self._until = log
        self._lake = lake
        self._past: Past | None = None

    def start_at(self, reached: Mapping[str, int]) -> None:
        super().start_at(reached)
        spans = {
            partition: (reached.get(partition, 0), min(begins, self._until.end(partition)))
            for partition, begins in self._until.begin().items()
        }
        self._past = Past(self._lake, spans)

    def take(self, events_max: int) -> list[Taken]:
        if self._past is not None:
            taken = self._past.take(events_max)
            if taken:
                return taken
            self._past = None
        return super().take(events_max)
