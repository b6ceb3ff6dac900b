"""Which events wait for which destination: decided in the worker's own transaction, so that each waits exactly once.

It acts outward, and so takes no part in a replay: what was sent once is not sent again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from regulars.destinations.core.bodies import data_of
from regulars.destinations.core.definition import Definition, Status, Wanted
from regulars.destinations.store import definitions, figures, queue
from regulars.destinations.store.definitions import Got
from regulars.destinations.store.queue import Queued
from regulars.events.core import Batch
from regulars.kernel.clock import MICROSECONDS_PER_SECOND
from regulars.kernel.sayings import said

MINUTE_US = 60 * MICROSECONDS_PER_SECOND


class _Listener(NamedTuple):
    destination_id: str
    wanted: Wanted


class Enqueuing:
    """Takes batches in. Costs one look at a number when no destination wants events."""

    def __init__(self, *, waiting_max: int) -> None:
        self._waiting_max = waiting_max
        self._version = -1
        self._listeners: list[_Listener] = []
        self._room: dict[str, int] = {}

    def take(self, batch: Batch, connection: Connection) -> None:
        """Let the events of a batch wait for those who want them."""
        if not batch.events:
            return
        self._refresh(connection)
        if not self._listeners:
            return
        rows = self._rows(batch)
        for listener in self._listeners:
            if theirs := rows[listener.destination_id]:
                self._put(connection, listener.destination_id, theirs, batch.now_us)

    def _refresh(self, connection: Connection) -> None:
        version = definitions.version(connection)
        if version != self._version:
            kept = [one.definition for one in definitions.all_kept(connection)]
            self._listeners = [_Listener(one.destination_id, Wanted(one.events)) for one in kept if _listens(one)]
            self._version = version
            self._room = {}

    def _rows(self, batch: Batch) -> dict[str, list[Queued]]:
        rows: dict[str, list[Queued]] = {listener.destination_id: [] for listener in self._listeners}
        for place, event in enumerate(batch.events):
            listeners = [one for one in self._listeners if one.wanted.fits(event)]
            if not listeners:
                continue
            data = data_of(event, batch.customer_ids[place])
            told = json.loads(data) if any(one.wanted.has_condition for one in listeners) else None
            for one in listeners:
                if told is None or one.wanted.holds(told):
                    rows[one.destination_id].append(
                        (
                            one.destination_id,
                            event.event_id,
                            event.name,
                            batch.anchors[place],
                            event.occurred_us,
                            batch.now_us,
                            batch.now_us,
                            data,
                        )
                    )
        return rows

    def _put(self, connection: Connection, destination_id: str, rows: Sequence[Queued], now_us: int) -> None:
        room = self._room.get(destination_id, 0)
        if room < len(rows):
            room = max(0, self._waiting_max - queue.count_waiting(connection, destination_id))
        fitting = rows[:room]
        queue.enqueue(connection, fitting)
        self._room[destination_id] = room - len(fitting)
        skipped = len(rows) - len(fitting)
        if skipped:
            figures.count(connection, [(destination_id, now_us // MINUTE_US, "skipped", skipped, 0, 0, 0)])
            definitions.count(connection, destination_id, Got(skipped=skipped))
            sentence = said(
                "too_much_waits",
                "More than {most:,} events wait, and no more are kept. Look at what holds them up.",
                most=self._waiting_max,
            )
            definitions.note_error(connection, destination_id, sentence, now_us)


def _listens(definition: Definition) -> bool:
    return definition.feed == "events" and definition.status is not Status.CLOSED
