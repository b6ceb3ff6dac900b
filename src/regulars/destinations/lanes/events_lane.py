"""Sends what waits: some requests at a time, each event until it is delivered or given up."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event as Flag
from typing import NamedTuple

from regulars.destinations.core.bodies import message_id_of
from regulars.destinations.core.definition import Pace
from regulars.destinations.core.kinds import Answer, Outcome, Outgoing, TakesEvents
from regulars.destinations.core.requests import lanes_of, requests_of
from regulars.destinations.core.retrying import next_try_us
from regulars.destinations.lanes.booking import Booking, Done
from regulars.destinations.store import definitions, queue
from regulars.destinations.store.definitions import Kept
from regulars.destinations.store.queue import Settled, Waiting
from regulars.kernel.clock import MICROSECONDS_PER_SECOND
from regulars.kernel.sayings import said

TURN_S = 2.0  # what was sent is written down at least this often
ROWS_MIN, ROWS_MAX = 100, 2_000


class Sent(NamedTuple):
    """A request that was made, and what was answered."""

    rows: list[Waiting]
    answer: Answer
    at_us: int


class EventsLane:
    """Delivers events."""

    def __init__(self, booking: Booking) -> None:
        self._booking = booking
        self._senders: dict[str, tuple[int, ThreadPoolExecutor]] = {}

    def close(self) -> None:
        """Let the senders go; what is under way ends by its own time limit."""
        for _, senders in self._senders.values():
            senders.shutdown(wait=False, cancel_futures=True)
        self._senders.clear()

    def has_work(self, kept: Kept, now_us: int) -> bool:
        """Return whether something is due."""
        with self._booking.database.read() as connection:
            return queue.has_due(connection, kept.definition.destination_id, now_us)

    def step(self, kept: Kept, destination: TakesEvents, stop: Flag) -> int:
        """Send for a moment and return how many events were tried, 0 when nothing is due."""
        rows = self._due(kept)
        pace = kept.definition.pace
        if not rows or _waits_for_more(rows, pace, self._booking.clock.now_us()):
            return 0
        sent = self._send(kept, destination, rows, stop)
        self._settle(kept, sent)
        return sum(len(one.rows) for one in sent)

    def _due(self, kept: Kept) -> list[Waiting]:
        pace, now_us = kept.definition.pace, self._booking.clock.now_us()
        rows_max = min(ROWS_MAX, max(ROWS_MIN, pace.batch_max * pace.requests_max * 4))
        with self._booking.database.read() as connection:
            health = definitions.health_of(connection, kept.definition.destination_id)
            if health.wait_until_us > now_us:
                return []
            return queue.due(
                connection,
                kept.definition.destination_id,
                now_us=now_us,
                rows_max=1 if health.is_failing else rows_max,
                keep_order=pace.keep_order,
            )

    def _send(self, kept: Kept, destination: TakesEvents, rows: list[Waiting], stop: Flag) -> list[Sent]:
        pace, until = kept.definition.pace, time.monotonic() + TURN_S
        lanes = lanes_of(rows, pace.requests_max)

        def drive(lane: Sequence[Waiting]) -> list[Sent]:
            return self._drive(kept, destination, lane, lambda: stop.is_set() or time.monotonic() >= until)

        if len(lanes) == 1:
            return drive(lanes[0])
        senders = self._senders_of(kept.definition.destination_id, pace)
        return [one for sent in senders.map(drive, lanes) for one in sent]

    def _drive(
        self, kept: Kept, destination: TakesEvents, lane: Sequence[Waiting], is_over: Callable[[], bool]
    ) -> list[Sent]:
        definition, sent = kept.definition, list[Sent]()
        for rows in requests_of(lane, definition.pace.batch_max):
            if sent and is_over():
                break
            answer = _deliver(destination, [_outgoing(definition.destination_id, row) for row in rows])
            sent.append(Sent(rows, answer, self._booking.clock.now_us()))
            if answer.outcome in {Outcome.RETRY, Outcome.GONE} or (definition.pace.keep_order and not answer.is_good):
                break
        return sent

    def _settle(self, kept: Kept, sent: Sequence[Sent]) -> None:
        delivered = [row.queue_id for one in sent if one.answer.is_good for row in one.rows]
        others: list[Settled] = []
        tries = []
        for one in sent:
            settled = [] if one.answer.is_good else [self._next(row, one) for row in one.rows]
            dead = sum(1 for row in settled if row.due_us is None)
            others += settled
            tries.append(
                Done(
                    answer=one.answer,
                    at_us=one.at_us,
                    about=one.rows[0].event_id,
                    delivered=len(one.rows) if one.answer.is_good else 0,
                    retried=len(settled) - dead,
                    dead=dead,
                )
            )
        now_us = self._booking.clock.now_us()
        self._booking.book(kept, tries, lambda connection: queue.settle(connection, delivered, others, now_us))

    def _next(self, row: Waiting, sent: Sent) -> Settled:
        answer, attempt = sent.answer, row.attempt + 1
        due_us = next_try_us(
            answer, attempt=attempt, first_us=row.first_us, now_us=sent.at_us, chance=self._booking.chance()
        )
        if answer.outcome is Outcome.UNSENDABLE and len(sent.rows) > 1:
            due_us = sent.at_us  # one of them cannot be put into words: each by itself, to see which
        return Settled(
            queue_id=row.queue_id,
            due_us=due_us,
            attempt=attempt,
            alone=row.alone or answer.outcome in {Outcome.REFUSED, Outcome.UNSENDABLE} or attempt > 1,
            status=answer.status,
            sentence=answer.sentence,
            head=answer.head if len(sent.rows) == 1 else "",  # it may repeat what was sent of somebody else
        )

    def _senders_of(self, destination_id: str, pace: Pace) -> ThreadPoolExecutor:
        known = self._senders.get(destination_id)
        if known is not None and known[0] == pace.requests_max:
            return known[1]
        if known is not None:
            known[1].shutdown(wait=False)
        senders = ThreadPoolExecutor(pace.requests_max, thread_name_prefix="sender")
        self._senders[destination_id] = (pace.requests_max, senders)
        return senders


def _waits_for_more(rows: Sequence[Waiting], pace: Pace, now_us: int) -> bool:
    if pace.batch_max == 1 or len(rows) >= pace.batch_max or any(row.attempt for row in rows):
        return False
    return now_us - rows[0].first_us < pace.batch_wait_s * MICROSECONDS_PER_SECOND


def _outgoing(destination_id: str, row: Waiting) -> Outgoing:
    return Outgoing(
        message_id=message_id_of(destination_id, row.event_id),
        event_id=row.event_id,
        name=row.name,
        occurred_us=row.occurred_us,
        data=row.data,
    )


def _deliver(destination: TakesEvents, batch: Sequence[Outgoing]) -> Answer:
    begun = time.monotonic()
    try:
        return destination.deliver(batch)
    except Exception as error:  # whatever a stranger's kind raises is a failed try, not the end of the lane
        spent_ms = round((time.monotonic() - begun) * 1000)
        sentence = said("cannot_send", "It cannot send: {kind}.", kind=type(error).__name__)
        return Answer(outcome=Outcome.RETRY, sentence=sentence, duration_ms=spent_ms)
