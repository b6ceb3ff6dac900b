"""What tries mean for a destination: counted, shown, and acted upon when nobody answers any more."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import msgspec
from sqlalchemy import Connection

from regulars.destinations.core.definition import Status
from regulars.destinations.core.kinds import Answer, Outcome
from regulars.destinations.core.retrying import FAILURES_TOLERATED, Health, after, is_worn_out
from regulars.destinations.store import definitions, figures, queue
from regulars.destinations.store.definitions import Got, Kept
from regulars.events.core import Fact
from regulars.kernel.clock import MICROSECONDS_PER_SECOND, Clock
from regulars.kernel.database import Database
from regulars.kernel.sayings import Sentence, said, saying_of, text_of, written
from regulars.kernel.settings import DestinationsSettings

DESTINATION_PAUSED = "Destination Paused"
MINUTE_US = 60 * MICROSECONDS_PER_SECOND
GOOD_TRIES_A_TURN = 25  # of a busy second not every request is listed; all are counted


class TakesNews(Protocol):
    """The log, for news of our own."""

    def append(self, facts: Sequence[Fact]) -> None:
        """Make facts durable."""
        ...


class Done(NamedTuple):
    """One try: what was answered, when, about what, and how many items are delivered, tried again or given up."""

    answer: Answer
    at_us: int
    about: str
    delivered: int = 0
    retried: int = 0
    dead: int = 0

    @property
    def word(self) -> str:
        """What the try came to."""
        return "delivered" if self.delivered else "retried" if self.retried else "dead"


@dataclass(frozen=True)
class Booking:
    """Writes down what tries came to."""

    database: Database
    clock: Clock
    settings: DestinationsSettings
    news: TakesNews
    chance: Callable[[], float] = field(default=random.random)

    def book(
        self,
        kept: Kept,
        tries: Sequence[Done],
        change: Callable[[Connection], None] = lambda _: None,
        *,
        tolerated: int = FAILURES_TOLERATED,
    ) -> Health:
        """Keep what tries came to, together with `change`, in one transaction; return how the destination stands."""
        destination_id, now_us = kept.definition.destination_id, self.clock.now_us()
        with self.database.read() as connection:
            health = definitions.health_of(connection, destination_id)
        for one in tries:
            health = after(health, one.answer, now_us=one.at_us, chance=self.chance(), tolerated=tolerated)
        worn_out = is_worn_out(health, now_us=now_us, pause_after_h=self.settings.pause_after_h)
        last_bad = next((one for one in reversed(tries) if not one.answer.is_good), None)
        reason = last_bad.answer.sentence if last_bad else ""
        if worn_out:  # the news goes first: told twice it counts once, not told it would be lost
            self.news.append([_paused(kept, health, text_of(reason), now_us)])
        with self.database.write() as connection:
            change(connection)
            _count(connection, destination_id, tries)
            definitions.set_health(connection, destination_id, health)
            if last_bad is not None:
                definitions.note_error(connection, destination_id, reason, last_bad.at_us)
            if any(one.answer.is_good for one in tries):
                definitions.note_good(connection, destination_id, now_us)
            self._end(connection, kept, tries, worn_out=worn_out, now_us=now_us)
        return health

    def _end(self, connection: Connection, kept: Kept, tries: Sequence[Done], *, worn_out: bool, now_us: int) -> None:
        gone = next((one.answer for one in tries if one.answer.outcome is Outcome.GONE), None)
        if gone is not None:
            stop(connection, kept, Status.CLOSED, gone.sentence, now_us)
            queue.bury_all(
                connection, kept.definition.destination_id, sentence=gone.sentence, status=gone.status, now_us=now_us
            )
        elif worn_out:
            hours = f"{self.settings.pause_after_h:g}"
            worn = said("paused_after", "Paused after {hours} hours of nothing but errors.", hours=hours)
            stop(connection, kept, Status.PAUSED, worn, now_us)


def stop(connection: Connection, kept: Kept, status: Status, reason: Sentence, now_us: int) -> None:
    """Pause or close a destination, whatever else of it was changed meanwhile."""
    standing = definitions.one(connection, kept.definition.destination_id)
    if standing is not None and standing.definition.status is Status.ACTIVE:
        changed = msgspec.structs.replace(
            standing.definition, status=status, reason=text_of(reason), said=saying_of(reason), changed_us=now_us
        )
        definitions.put(connection, changed, standing.keys)


def _count(connection: Connection, destination_id: str, tries: Sequence[Done]) -> None:
    counts: dict[tuple[int, str], list[int]] = {}
    for one in tries:
        spent_ms = one.answer.duration_ms
        for word in ("delivered", "retried", "dead"):
            items = getattr(one, word)
            if items:
                known = counts.setdefault((one.at_us // MINUTE_US, word), [0, 0, 0, 0])
                known[0] += items
                if word == one.word:  # a request counts once, under what most of it came to
                    known[1], known[2], known[3] = known[1] + 1, known[2] + spent_ms, max(known[3], spent_ms)
    for (minute, word), (items, requests, ms_sum, ms_max) in counts.items():
        figures.count(connection, [(destination_id, minute, word, items, requests, ms_sum, ms_max)])
    definitions.count(
        connection,
        destination_id,
        Got(
            delivered=sum(one.delivered for one in tries),
            retried=sum(one.retried for one in tries),
            dead=sum(one.dead for one in tries),
        ),
    )
    good = [one for one in tries if one.answer.is_good]
    listed = {id(one) for one in [*good[-GOOD_TRIES_A_TURN:], *(one for one in tries if not one.answer.is_good)]}
    figures.note_tries(connection, [_row(destination_id, one) for one in tries if id(one) in listed])


def _row(destination_id: str, one: Done) -> tuple[str, int, str, int, int | None, int, str, str, str]:
    items = one.delivered + one.retried + one.dead
    answer, sentence = one.answer, one.answer.sentence
    return (
        destination_id, one.at_us, one.word, items, answer.status, answer.duration_ms, text_of(sentence),
        written(sentence), one.about,
    )  # fmt: skip


def _paused(kept: Kept, health: Health, reason: str, now_us: int) -> Fact:
    definition = kept.definition
    return Fact(
        name=DESTINATION_PAUSED,
        message_id=f"destination_paused:{definition.destination_id}:{health.failing_since_us}",
        properties={
            "destination_id": definition.destination_id,
            "destination": definition.name,
            "kind": definition.kind,
            "failures": health.failures,
            "reason": reason,
        },
        occurred_us=now_us,
    )
