"""The worker's judge: holds each event against the version that was in force when it was received.

What is in force is read in the worker's own transaction, so that a plan published a moment ago holds from its first
event on, and a replay, which reads the same rows, gives the same verdicts. A batch costs one look at a number.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any  # Any: sqlalchemy.Connection, as in the Judge protocol

from regulars.events.core import Event, Verdict
from regulars.events.decode import OWN_SOURCE
from regulars.events.plans import store
from regulars.events.plans.core import Ready, Reign, Standing, judged, reason_of, standing

READY_MAX = 64  # versions held compiled: those in force, and those that a replay passes through


class PlanJudge:
    """Not to be shared between threads."""

    def __init__(self) -> None:
        self._revision = -1
        self._reigns: list[Reign] = []
        self._standings: dict[str, Standing] = {}
        self._ready: OrderedDict[tuple[str, int], Ready] = OrderedDict()

    def verdicts(self, events: Sequence[Event], connection: Any) -> Sequence[Verdict | None]:  # Any: as above
        """Return a verdict for each event, None where nothing is wrong; empty when no plan was ever published."""
        self._look(connection)
        if not self._reigns:
            return ()
        return [self._verdict(event, connection) for event in events]

    def reason(self, verdict: Verdict, event: Event) -> str:
        """Return why an event was kept from taking effect."""
        return reason_of(verdict, event.name)

    def _look(self, connection: Any) -> None:  # Any: as above
        revision = store.revision(connection)
        if revision != self._revision:
            self._reigns = store.reigns(connection)
            self._standings.clear()
            self._revision = revision

    def _verdict(self, event: Event, connection: Any) -> Verdict | None:  # Any: as above
        if event.source_id == OWN_SOURCE:
            return None  # our own facts are no tracking
        stands = self._standings.get(event.source_id)
        if stands is None or not stands.holds_at(event.received_us):
            stands = self._standings[event.source_id] = standing(self._reigns, event.source_id, event.received_us)
        return None if stands.reign is None else judged(self._ready_of(stands.reign, connection), event)

    def _ready_of(self, reign: Reign, connection: Any) -> Ready:  # Any: as above
        key = (reign.plan_id, reign.number)
        ready = self._ready.get(key)
        if ready is None:
            body = store.body(connection, *key)
            assert body is not None, "a version that reigned is never removed"
            ready = self._ready[key] = Ready(reign.plan_id, reign.name, reign.number, body)
            if len(self._ready) > READY_MAX:
                self._ready.popitem(last=False)
        return ready
