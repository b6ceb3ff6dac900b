"""How does a fact take effect? Exactly once: state, offsets and outbox in one transaction.

The worker takes records from the log in order, turns them into events, drops what it has seen before, and hands each
batch down the street. A batch that a projection cannot take in is cut until the one event at fault is found; that one
is kept as a dead letter and the shop goes on. A crash at any instant leaves the last commit; the rest is read again.
News of our own leaves through the outbox after the commit: at least once, and counted once because it is deduplicated
like everything else.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Sequence
from threading import Event as Flag

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, OperationalError

from regulars.events import worker_store as store
from regulars.events.burying import PLAN, letters_of
from regulars.events.core import Batch, Event, Judge, Judged, Position, Projection
from regulars.events.decode import FACTS, OWN_SOURCE, DecodedRequest
from regulars.events.dedupe import UNKNOWN, Seen, Sighting, content_of, key_of
from regulars.events.reader import Reader, Taken
from regulars.events.reasons import PLAN_BLOCKED, PROJECTION_FAILED
from regulars.events.record import OwnFacts, encode_entry
from regulars.events.worker_store import DeadLetter
from regulars.kernel.clock import MICROSECONDS_PER_SECOND, Clock
from regulars.kernel.database import Database
from regulars.kernel.errors import RegularsError, UnavailableError
from regulars.kernel.eventlog import EventLog
from regulars.kernel.generations import generation_of
from regulars.kernel.settings import EventsSettings

PART = "worker"  # what a rebuild gives a new generation to: offsets stay, what has been seen is derived anew
EVENTS_A_BATCH = 2_000  # docs/decisions/worker.md: throughput is flat above, a batch stays under half a second
RELAYED_A_TIME = 500
IDLE_WAIT_S_MIN = 0.002
IDLE_WAIT_S_MAX = 0.05
AWAY_WAIT_S_MAX = 5.0
OUTBOX_LOOK_US = MICROSECONDS_PER_SECOND // 2  # other processes leave news there too: mended letters, alerts
DAY_US = 86_400 * MICROSECONDS_PER_SECOND
SETTLED = "settled"  # stands for a projection in the letters of a replay that people have dealt with

logger = logging.getLogger(__name__)


def settle_memory() -> None:
    """Let the garbage collector look seldom: a batch makes many objects and no cycles worth hunting for.

    Measured at 17 % of the worker's time (docs/decisions/worker.md). Only for a process that does nothing else.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 20)


class PoisonError(RegularsError):
    """A projection could not take a batch in."""

    def __init__(self, projection: str, cause: Exception) -> None:
        super().__init__(f"{projection} cannot take an event in: {type(cause).__name__}: {cause}")
        self.projection = projection


class Worker:
    """Takes the log in. One may work at a time; a second one waits its turn and finds nothing left to do."""

    def __init__(
        self,
        *,
        database: Database,
        log: EventLog,
        clock: Clock,
        projections: Sequence[Projection],
        settings: EventsSettings | None = None,
        events_a_batch: int = EVENTS_A_BATCH,
        judge: Judge | None = None,
    ) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._projections = tuple(projections)
        self._window_us = (settings or EventsSettings()).dedupe_days * DAY_US
        self._seen = Seen(window_us=self._window_us)
        self._generation: str | None = None
        self._reader = Reader(log)
        self._events_a_batch = events_a_batch
        self._judge = judge
        self._reached: dict[str, int] | None = None
        self._outbox_may_wait = True  # what a process before this one may have left behind
        self._outbox_looked_us = 0
        self._closed: set[Position] = set()

    def run(self, stop: Flag) -> None:
        """Work until told to stop; when the database or the disk is away, wait for it to come back."""
        settle_memory()
        idle_s, away_s = IDLE_WAIT_S_MIN, IDLE_WAIT_S_MAX
        while not stop.is_set():
            try:
                took = self.run_once()
            except UnavailableError as error:
                logger.warning("The worker waits %.1f s: %s", away_s, error)
                stop.wait(away_s)
                away_s = min(away_s * 2, AWAY_WAIT_S_MAX)
                continue
            away_s = IDLE_WAIT_S_MAX
            idle_s = IDLE_WAIT_S_MIN if took else min(idle_s * 2, IDLE_WAIT_S_MAX)
            if not took:
                stop.wait(idle_s)

    def run_once(self) -> int:
        """Take one batch in and relay the outbox; return how many records were taken or relayed, 0 when none waited.

        Raises
        ------
        UnavailableError
            When the database or the log does not answer; nothing of the batch has taken effect.

        """
        try:
            if self._reached is None:
                self._start()
            taken = self._reader.take(self._events_a_batch)
            if taken:
                self._take_in(taken)
        except BaseException:
            self._reached = None
            self._seen.rolled_back()
            raise
        return len(taken) + self._relay()

    def retry_dead_letters(self) -> int:
        """Project every dead letter once more, oldest first; return how many took effect and left."""
        revived = after = 0
        while True:
            with self._database.read() as connection:
                letters = store.dead_letters(connection, after=after, rows_max=RELAYED_A_TIME)
            if not letters:
                return revived
            revived += sum(self._retry(letter) for letter in letters)
            after = letters[-1].letter_id

    def _start(self) -> None:
        with self._database.read() as connection:
            self._reached = store.offsets(connection)
            generation = generation_of(connection, PART)
        self._closed = self._closed_letters()
        if generation != self._generation:  # the state was rebuilt: what memory mirrors is another one's
            self._seen = Seen(window_us=self._window_us)
            self._generation = generation
        self._reader.start_at(self._reached)

    def _closed_letters(self) -> set[Position]:
        """Return the places of letters that were dealt with, and whose events must not take effect in a replay."""
        return set()

    def _take_in(self, taken: Sequence[Taken]) -> None:
        try:
            self._commit(taken)
        except PoisonError as poison:
            self._seen.rolled_back()
            if len(taken) > 1:
                middle = len(taken) // 2
                self._take_in(taken[:middle])
                self._take_in(taken[middle:])
            else:
                logger.warning("One event at a time from here: %s", type(poison.__cause__).__name__)
                self._commit(taken, apart=True)

    def _commit(self, taken: Sequence[Taken], *, apart: bool = False) -> None:
        reached = {one.record.partition: one.record.offset for one in taken}
        with self._database.write() as connection:
            store.take_the_street(connection)
            if store.offsets(connection) != self._reached:
                raise UnavailableError("Another worker has gone on from here.", retry_after_s=1)
            if generation_of(connection, PART) != self._generation:
                raise UnavailableError("The state was rebuilt; the worker begins anew on it.", retry_after_s=1)
            batch = self._new_events(connection, taken)
            if apart:
                self._project_apart(batch, connection)
            else:
                self._project(batch, connection)
            self._leave(batch, connection)
            self._bury_blocked(batch, connection)
            store.bury(connection, *letters_of(batch), *(self._settled_letter(event) for event in batch.failed))
            for one in taken:
                if one.request is None:
                    store.bury(connection, self._letter_of_record(one))
            store.set_offsets(connection, reached)
        self._seen.committed()
        self._reached = {**(self._reached or {}), **reached}

    def _new_events(self, connection: Connection, taken: Sequence[Taken]) -> Batch:
        requests = [one.request for one in taken if one.request is not None]
        events = [event for request in requests for event in request.events]
        keys = [key_of(event.source_id, event.message_id) for event in events]
        contents = [content for request in requests for content in _contents(request)]
        sightings = self._seen.sift(connection, keys, contents)
        new = [at for at, sighting in enumerate(sightings) if sighting is Sighting.NEW]
        fresh: Sequence[Event] = [events[at] for at in new]
        newest_us = max((event.received_us for event in fresh), default=0)
        self._seen.remember(connection, [keys[at] for at in new], [contents[at] for at in new], newest_us)
        judged = self._judged(connection, fresh)
        left_out = {one.event.position for one in judged if one.verdict.blocks}
        settled = [event for event in fresh if event.position in self._closed - left_out] if self._closed else []
        left_out |= {event.position for event in settled}
        pairs = list(zip(events, sightings, strict=True))
        return Batch(
            events=[event for event in fresh if event.position not in left_out] if left_out else fresh,
            now_us=self._clock.now_us(),
            duplicates=[event for event, sighting in pairs if sighting is not Sighting.NEW],
            differing={event.event_id for event, sighting in pairs if sighting is Sighting.OTHER},
            requests=requests,
            judged=judged,
            failed=settled,
        )

    def _judged(self, connection: Connection, fresh: Sequence[Event]) -> list[Judged]:
        """Return the events that do not keep to their plan; a message counts as seen whatever the verdict."""
        verdicts = self._judge.verdicts(fresh, connection) if self._judge is not None else ()
        if not verdicts:
            return []
        return [Judged(event, verdict) for event, verdict in zip(fresh, verdicts, strict=True) if verdict is not None]

    def _bury_blocked(self, batch: Batch, connection: Connection) -> None:
        for one in batch.judged:
            if one.verdict.blocks:
                assert self._judge is not None, "only a judge gives verdicts"
                reason = self._judge.reason(one.verdict, one.event)
                store.bury(connection, self._letter_of_event(one.event, PLAN, reason))

    def _project(self, batch: Batch, connection: Connection) -> None:
        for projection in self._projections:
            try:
                projection.project(batch, connection)
            except (UnavailableError, OperationalError):
                raise
            except Exception as error:
                if isinstance(error, DBAPIError) and error.connection_invalidated:
                    raise
                raise PoisonError(projection.name, error) from error

    def _project_apart(self, whole: Batch, connection: Connection) -> None:
        counted = Batch(
            events=[],
            now_us=whole.now_us,
            duplicates=whole.duplicates,
            differing=whole.differing,
            requests=whole.requests,
            judged=whole.judged,
            failed=whole.failed,
        )
        parts = [counted, *(Batch(events=[event], now_us=whole.now_us) for event in whole.events)]
        failed: list[Event] = []
        for part in parts:
            try:
                with connection.begin_nested():
                    self._project(part, connection)
            except PoisonError as poison:
                failed.extend(part.events)
                for event in part.events:
                    store.bury(connection, self._letter_of_event(event, poison.projection, str(poison)))
            else:
                whole.facts.extend(part.facts)
        self._project(Batch(events=[], now_us=whole.now_us, failed=failed), connection)

    def _leave(self, batch: Batch, connection: Connection) -> None:
        if batch.facts:
            entry = OwnFacts(facts=list(batch.facts), received_us=batch.now_us)
            store.leave_by_outbox(connection, encode_entry(entry))
            self._outbox_may_wait = True

    def _relay(self) -> int:
        now_us = self._clock.now_us()
        if not self._outbox_may_wait and now_us - self._outbox_looked_us < OUTBOX_LOOK_US:
            return 0
        self._outbox_looked_us = now_us
        with self._database.read() as connection:
            waiting = store.waiting(connection, RELAYED_A_TIME)
        if not waiting:
            self._outbox_may_wait = False
            return 0
        self._log.append_many([payload for _, payload in waiting])
        with self._database.write() as connection:
            store.has_left(connection, waiting[-1][0])
        return len(waiting)

    def _retry(self, letter: DeadLetter) -> bool:
        if letter.item_index is None or letter.projection == PLAN:
            # A record that cannot be read: a newer program may, by reading the log again. What a plan has blocked
            # would be blocked again by every replay: it is mended and sent again, and so judged by the plan of today.
            return False
        event = msgspec.msgpack.decode(letter.raw, type=Event)
        try:
            with self._database.write() as connection:
                batch = Batch(events=[event], now_us=self._clock.now_us())
                self._project(batch, connection)
                self._leave(batch, connection)
                store.revive(connection, letter.letter_id)
        except PoisonError:
            return False
        return True

    def _settled_letter(self, event: Event) -> DeadLetter:
        """Return the letter of an event that rules milder than before would let in: it was dealt with."""
        return self._letter_of_event(event, SETTLED, "It was sent again, or discarded, and so is left out of a replay.")

    def _letter_of_event(self, event: Event, projection: str, reason: str) -> DeadLetter:
        return DeadLetter(
            letter_id=0,
            event_id=event.event_id,
            source_id=event.source_id,
            message_id=event.message_id,
            user_id=event.user_id,
            anonymous_id=event.anonymous_id,
            partition=event.position.partition,
            record_offset=event.position.offset,
            item_index=event.position.index,
            at_us=self._clock.now_us(),
            projection=projection,
            reason=reason,
            raw=msgspec.msgpack.encode(event),
            code=PLAN_BLOCKED if projection == PLAN else PROJECTION_FAILED,
            name=event.name,
            received_us=event.received_us,
        )

    def _letter_of_record(self, taken: Taken) -> DeadLetter:
        return DeadLetter(
            letter_id=0,
            event_id=None,
            source_id=None,
            message_id=None,
            user_id=None,
            anonymous_id=None,
            partition=taken.record.partition,
            record_offset=taken.record.offset,
            item_index=None,
            at_us=self._clock.now_us(),
            projection="decode",
            reason=taken.fault,
            raw=taken.record.payload,
            code="unreadable_record",
            received_us=taken.record.accepted_us,
        )


def _contents(request: DecodedRequest) -> list[int]:
    """Return what each event of a request says; news of our own may say the same thing in other words."""
    if request.path == FACTS or (request.source_id == OWN_SOURCE and not request.path):  # from the log, from history
        return [UNKNOWN] * len(request.events)
    return [content_of(event) for event in request.events]
