"""Gives every destination that has something to send a thread of its own, and one process the right to send to it.

A lease, not a lock for each event: whoever holds it reads what is due and writes down what became of it, so that a
delivery costs one transaction for many events. A process that dies leaves its lease to run out, and what it had not
written down is sent again under the same ids.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
from collections.abc import Mapping
from typing import cast

from regulars.destinations.core.definition import Status
from regulars.destinations.core.kinds import Answer, Destination, Outcome, TakesAudience, TakesEvents, TakesHours
from regulars.destinations.desk import Desk
from regulars.destinations.lanes.audience_lane import AudienceLane
from regulars.destinations.lanes.booking import Booking, Done
from regulars.destinations.lanes.events_lane import EventsLane
from regulars.destinations.lanes.hours_lane import HoursLane
from regulars.destinations.store import definitions, figures
from regulars.destinations.store.definitions import Kept
from regulars.kernel.clock import MICROSECONDS_PER_SECOND
from regulars.kernel.errors import RegularsError, UnavailableError

LEASE_S = 60  # longer than the longest request and a turn; whoever dies is replaced within this time
RENEW_S = 25
POLL_S = 0.1
IDLE_POLL_S = 1.0  # while there is no destination at all
SLOW_LOOK_US = 10 * MICROSECONDS_PER_SECOND  # hours and audiences are looked at this often
JOIN_S = 20.0
TRIES_FORGOTTEN_EVERY = 50  # turns

_log = logging.getLogger(__name__)


class Lanes:
    """All lanes of one process."""

    def __init__(
        self, *, booking: Booking, desk: Desk, events: EventsLane, hours: HoursLane, audience: AudienceLane
    ) -> None:
        self._booking = booking
        self._desk = desk
        self._events, self._hours, self._audience = events, hours, audience
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._held_until_us: dict[str, int] = {}
        self._looked_us: dict[str, int] = {}
        self._turns = 0

    def run(self, stop: threading.Event) -> None:
        """Send what is due until told to stop; requests under way are waited for."""
        running: dict[str, threading.Thread] = {}
        while not stop.is_set():
            try:
                active = self._active()
                for destination_id, kept in active.items():
                    thread = running.get(destination_id)
                    if (thread is None or not thread.is_alive()) and self._has_work(kept):
                        running[destination_id] = threading.Thread(
                            target=self._turn, args=(kept, stop), name=f"lane-{kept.definition.name}", daemon=True
                        )
                        running[destination_id].start()
            except RegularsError as error:
                _log.warning("deliveries wait: %s", error)
                stop.wait(IDLE_POLL_S)
                continue
            stop.wait(POLL_S if active else IDLE_POLL_S)
        for thread in running.values():
            thread.join(JOIN_S)
        self._let_go()

    def deliver(self) -> int:
        """Send everything that is due, here and now, one destination after another; return how much was tried."""
        stop, tried = threading.Event(), 0
        for kept in self._active().values():
            self._looked_us.pop(kept.definition.destination_id, None)
            tried += self._turn(kept, stop)
        return tried

    def close(self) -> None:
        """Let the senders go."""
        self._events.close()

    def _active(self) -> dict[str, Kept]:
        with self._booking.database.read() as connection:
            kept = definitions.all_kept(connection)
        return {one.definition.destination_id: one for one in kept if one.definition.status is Status.ACTIVE}

    def _has_work(self, kept: Kept) -> bool:
        definition, now_us = kept.definition, self._booking.clock.now_us()
        with self._booking.database.read() as connection:
            if definitions.health_of(connection, definition.destination_id).wait_until_us > now_us:
                return False
        if definition.feed == "events":
            return self._events.has_work(kept, now_us)
        if now_us - self._looked_us.get(definition.destination_id, 0) < SLOW_LOOK_US:
            return False
        self._looked_us[definition.destination_id] = now_us
        lane = self._hours if definition.feed == "hours" else self._audience
        return lane.has_work(kept, now_us)

    def _turn(self, kept: Kept, stop: threading.Event) -> int:
        """Go on sending to one destination until nothing is due; never raises, so that the next turn comes."""
        destination_id, tried = kept.definition.destination_id, 0
        try:
            while not stop.is_set() and self._hold(destination_id):
                current = self._active().get(destination_id)
                done = 0 if current is None else self._step(current, stop)
                if not done:
                    break
                tried += done
        except UnavailableError as error:
            _log.warning("deliveries to %s wait: %s", destination_id, error)
        except Exception:
            _log.exception("deliveries to %s stopped", destination_id)
        return tried

    def _step(self, kept: Kept, stop: threading.Event) -> int:
        try:
            destination = self._desk.opened(kept)
        except RegularsError as error:  # its kind is gone, or its settings no longer fit: shown, and tried again
            answer = Answer(outcome=Outcome.RETRY, sentence=error.sentence)
            self._booking.book(kept, [Done(answer, self._booking.clock.now_us(), "opening")], tolerated=1)
            return 0
        self._turns += 1
        if self._turns % TRIES_FORGOTTEN_EVERY == 0:
            with self._booking.database.write() as connection:
                figures.forget_tries(connection, kept.definition.destination_id)
        return self._lane_step(kept, destination, stop)

    def _lane_step(self, kept: Kept, destination: Destination, stop: threading.Event) -> int:
        feed = kept.definition.feed
        if feed == "events":
            return self._events.step(kept, cast("TakesEvents", destination), stop)  # cast: its kind's feed says so
        if feed == "hours":
            return self._hours.step(kept, cast("TakesHours", destination), stop)  # cast: as above
        return self._audience.step(kept, cast("TakesAudience", destination), stop)  # cast: as above

    def _hold(self, destination_id: str) -> bool:
        now_us = self._booking.clock.now_us()
        if self._held_until_us.get(destination_id, 0) - now_us > RENEW_S * MICROSECONDS_PER_SECOND:
            return True
        until_us = now_us + LEASE_S * MICROSECONDS_PER_SECOND
        with self._booking.database.write() as connection:
            ours = definitions.hold(connection, destination_id, holder=self._holder, now_us=now_us, until_us=until_us)
        self._held_until_us[destination_id] = until_us if ours else 0
        return ours

    def _let_go(self) -> None:
        held: Mapping[str, int] = {one: until for one, until in self._held_until_us.items() if until}
        if held:
            with self._booking.database.write() as connection:
                for destination_id in held:
                    definitions.let_go(connection, destination_id, holder=self._holder)
        self._held_until_us.clear()
