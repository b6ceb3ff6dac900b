"""What destinations do: send facts, hours and audiences to others, see how that goes, and mend what did not."""

from __future__ import annotations

import secrets as chance
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # Any: settings are each kind's own

import msgspec
from sqlalchemy import Connection

from regulars.destinations.core import signing
from regulars.destinations.core.audience import AudienceRule
from regulars.destinations.core.definition import Definition, EventFilter, Pace, Schedule, Status, checked
from regulars.destinations.core.retrying import Health
from regulars.destinations.core.shape import unmasked
from regulars.destinations.core.views import DestinationMade, DestinationShown, KindShown, TrialShown
from regulars.destinations.desk import Desk
from regulars.destinations.lanes import Lanes
from regulars.destinations.lanes.audience_lane import AudienceLane
from regulars.destinations.lanes.booking import Booking
from regulars.destinations.lanes.events_lane import EventsLane
from regulars.destinations.lanes.hours_lane import History, HoursLane
from regulars.destinations.letters import Letters
from regulars.destinations.people import ProfileAudience
from regulars.destinations.projection import Enqueuing
from regulars.destinations.reports import Reports
from regulars.destinations.runs import Runs
from regulars.destinations.sealing import is_clear, keys_that_open, sealed, settings_of
from regulars.destinations.store import definitions, figures, hours, members, queue
from regulars.destinations.store.definitions import Kept, Key
from regulars.events import Events
from regulars.events.core import Batch, Merge
from regulars.identity import Identity
from regulars.kernel.clock import MICROSECONDS_PER_SECOND, Clock
from regulars.kernel.database import Database
from regulars.kernel.errors import InvalidError, NotFoundError, TooManyError
from regulars.kernel.eventlog import EventLog
from regulars.kernel.ids import CustomerId, new_id
from regulars.kernel.outbound import Outbound
from regulars.kernel.sayings import Sentence, said, saying_of, text_of
from regulars.kernel.seal import Seal, forget_what_was
from regulars.kernel.settings import DestinationsSettings
from regulars.lake import Forgotten, Lake
from regulars.profiles import Profiles

DESTINATIONS_MAX = 100  # each has a thread of its own while it sends
OVERLAP_H = 24
DAY_US = 86_400 * MICROSECONDS_PER_SECOND
COUNTS_DAYS = 100
REMOVAL_DAYS = 7


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is said about a destination when it is made or changed; what is left out stays, or is as usual."""

    name: str | None = None
    settings: dict[str, Any] | None = None  # Any: as above
    events: EventFilter | None = None
    pace: Pace | None = None
    audience: AudienceRule | None = None
    schedule: Schedule | None = None


@dataclass(frozen=True, kw_only=True)
class Upstream:
    """Whom destinations learn from. `reached` tells how far each partition of the log has taken effect."""

    events: Events
    identity: Identity
    profiles: Profiles
    lake: Lake
    log: EventLog
    reached: Callable[[Connection], dict[str, int]]


class Destinations:
    """The ways out of a shop. A projection that acts outward, and a keeper of customers."""

    name = "destinations"
    outward = True  # a replay must not send again what was sent

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        folder: Path,
        seal: Seal,
        upstream: Upstream,
        settings: DestinationsSettings | None = None,
        outbound: Outbound | None = None,
    ) -> None:
        settings = settings or DestinationsSettings()
        self._database = database
        self._clock = clock
        self._settings = settings
        self._upstream = upstream
        self._seal = seal
        self._desk = Desk(clock=clock, folder=folder, seal=seal, settings=settings, outbound=outbound)
        self._enqueuing = Enqueuing(waiting_max=settings.waiting_max)
        audience = ProfileAudience(profiles=upstream.profiles, identity=upstream.identity)
        booking = Booking(database=database, clock=clock, settings=settings, news=upstream.events)
        history = History(lake=upstream.lake, log=upstream.log, reached=upstream.reached)
        self._lanes = Lanes(
            booking=booking,
            desk=self._desk,
            events=EventsLane(booking),
            hours=HoursLane(booking, history),
            audience=AudienceLane(booking, audience),
        )
        self.reports = Reports(database=database, clock=clock, desk=self._desk)
        self.letters = Letters(database=database, clock=clock, kept=self._kept)
        self.runs = Runs(database=database, clock=clock, profiles=upstream.profiles, audience=audience, kept=self._kept)

    def close(self) -> None:
        """Let go of connections and senders."""
        self._lanes.close()
        self._desk.close()

    def project(self, batch: Batch, connection: Connection) -> None:
        """Let the events of a batch wait for the destinations that want them."""
        self._enqueuing.take(batch, connection)

    def merge_customers(self, connection: Connection, merges: Sequence[Merge]) -> None:
        """Give memberships of each absorbed customer to the one kept; what waits is filed by identifiers and stays."""
        members.move(connection, [(merge.kept, merge.absorbed) for merge in merges])

    def erase_customers(self, connection: Connection, customer_ids: Sequence[CustomerId]) -> int:
        """Remove what waits and what was given up on, have hours written anew and members taken out; return the rows.

        Called before identity forgets which identifiers were theirs.
        """
        hours.release(connection)
        gone = queue.forget(connection, self._upstream.identity.numbers_of(connection, customer_ids), customer_ids)
        keys = self._keys_of_changes(connection)
        return gone + members.forget(connection, customer_ids, keys, self._clock.now_us())

    def before_erasure(self, forgotten: Forgotten) -> int:
        """Mark the written hours that hold somebody, before history forgets which; return how many."""
        with self._database.read() as connection:
            if not any(kept.definition.feed == "hours" for kept in definitions.all_kept(connection)):
                return 0
        from regulars.destinations.history import hours_with

        found = hours_with(self._upstream.lake, forgotten)
        with self._database.write() as connection:
            return hours.mark(connection, found)

    def kinds(self) -> list[KindShown]:
        """Return the kinds of destination there are, ours first."""
        return [
            KindShown(name=kind.name, feed=kind.feed, signed=kind.signs, settings_schema=self._desk.schema(kind.name))
            for kind in self._desk.kinds.values()
        ]

    def all(self) -> list[DestinationShown]:
        """Return every destination with how it answers, the oldest first."""
        return self.reports.shown_all()

    def get(self, destination_id: str) -> DestinationShown:
        """Return one destination.

        Raises
        ------
        NotFoundError
            When there is none with this id.

        """
        return self.reports.shown(self._kept(destination_id))

    def create(self, kind: str, plan: Plan) -> DestinationMade:
        """Make a destination and return it, with its signing secret when it has one: that is shown this once.

        Raises
        ------
        InvalidError
            When something of it cannot be; nothing is kept.
        TooManyError
            When there are as many as there may be.

        """
        if not plan.name:
            raise InvalidError(said("destination_name", "A destination needs a name."))
        now_us, found = self._clock.now_us(), self._desk.kind(kind)
        with self._database.read() as connection:
            if len(definitions.all_kept(connection)) >= DESTINATIONS_MAX:
                raise TooManyError(
                    said(
                        "destinations_most",
                        "A shop has at most {most} destinations. Delete one first.",
                        most=DESTINATIONS_MAX,
                    )
                )
            origin = self._upstream.reached(connection) if found.feed == "hours" else {}
        definition = Definition(
            destination_id=new_id(now_us),
            name=plan.name,
            kind=kind,
            feed=found.feed,
            settings=plan.settings or {},
            events=plan.events or EventFilter(),
            pace=plan.pace or Pace(),
            audience=plan.audience,
            schedule=plan.schedule or Schedule(),
            created_us=now_us,
            changed_us=now_us,
            origin=origin,
        )
        secret = signing.secret_of(chance.token_bytes(signing.KEY_BYTES)) if found.signs else None
        kept = sealed(self._seal, Kept(checked(definition), [Key(secret=secret)] if secret else []))
        self._desk.fresh(kept).close()  # whatever cannot be opened is refused before it is kept
        with self._database.write() as connection:
            definitions.put(connection, *kept)
        return DestinationMade(destination=self.get(definition.destination_id), signing_secret=secret)

    def change(self, destination_id: str, plan: Plan) -> DestinationShown:
        """Change what is said of a destination; a secret shown as `(set)` stays as it is.

        Raises
        ------
        InvalidError
            When something of it cannot be; nothing is changed.

        """

        def changed(kept: Kept) -> Kept:
            given = {name: value for name, value in msgspec.structs.asdict(plan).items() if value is not None}
            if plan.settings is not None:
                schema = self._desk.schema(kept.definition.kind)
                before = settings_of(self._seal, kept.definition)
                given["settings"] = unmasked(plan.settings, before, schema)
            new = kept._replace(definition=checked(msgspec.structs.replace(kept.definition, **given)))
            new = sealed(self._seal, new)
            self._desk.fresh(new).close()
            return new

        return self._put(destination_id, changed)

    def remove(self, destination_id: str) -> None:
        """Drop a destination with everything that waits for it; what was sent is sent."""
        with self._database.write() as connection:
            if not definitions.remove(connection, destination_id):
                raise _unknown(destination_id)

    def pause(self, destination_id: str) -> DestinationShown:
        """Send nothing until somebody resumes it; what comes meanwhile waits."""
        by_hand = said("paused_by_hand", "Paused by hand.")
        return self._put(destination_id, lambda kept: _standing(kept, Status.PAUSED, by_hand))

    def resume(self, destination_id: str) -> DestinationShown:
        """Send again, at once, as if nothing had failed yet."""
        with self._database.write() as connection:
            definitions.set_health(connection, destination_id, Health())
            queue.hurry(connection, destination_id, self._clock.now_us())
        return self._put(destination_id, lambda kept: _standing(kept, Status.ACTIVE, ""))

    def rotate_secret(self, destination_id: str, *, overlap_h: int = OVERLAP_H) -> DestinationMade:
        """Make a new signing secret and return it, this once; the old one goes on signing beside it for a while.

        Raises
        ------
        InvalidError
            When the kind signs nothing.

        """
        secret = signing.secret_of(chance.token_bytes(signing.KEY_BYTES))
        now_us = self._clock.now_us()

        def rotated(kept: Kept) -> Kept:
            if not kept.keys:
                raise InvalidError(f"A destination of the kind {kept.definition.kind!r} signs nothing.")
            known = keys_that_open(self._seal, kept)
            until_us = now_us + overlap_h * 3600 * MICROSECONDS_PER_SECOND
            old = [msgspec.structs.replace(key, until_us=key.until_us or until_us) for key in known]
            standing = [key for key in old if key.until_us is not None and key.until_us > now_us]
            return sealed(self._seal, kept._replace(keys=[Key(secret=secret), *standing]))

        return DestinationMade(destination=self._put(destination_id, rotated), signing_secret=secret)

    def test(self, destination_id: str) -> TrialShown:
        """Try a destination out with something invented, and return what was said on both sides."""
        kept = self._kept(destination_id)
        destination = self._desk.fresh(kept)
        try:
            trial = destination.test()
        finally:
            destination.close()
        told = {"sentence": text_of(trial.sentence), "said": saying_of(trial.sentence)}
        return TrialShown(**{**msgspec.structs.asdict(trial), **told})

    def deliver(self) -> int:
        """Send everything that is due, here and now, and return how much was tried.

        A running `regulars serve` does this by itself; a program that opens the shop as a library calls it.
        """
        return self._lanes.deliver()

    def run(self, stop: threading.Event) -> None:
        """Send what is due until told to stop."""
        self._lanes.run(stop)

    def keep_house(self) -> int:
        """Let go of old letters, counts and removals; return how many letters went."""
        now_us = self._clock.now_us()
        minute_us = 60 * MICROSECONDS_PER_SECOND
        with self._database.write() as connection:
            went = queue.drop_old_letters(connection, now_us - self._settings.dead_letter_days * DAY_US)
            figures.forget_counts(connection, (now_us - COUNTS_DAYS * DAY_US) // minute_us)
            members.drop_old_removals(connection, now_us - REMOVAL_DAYS * DAY_US)
        return went

    def seal_old(self) -> int:
        """Seal what an older version kept in the clear, and return how many destinations that were."""
        with self._database.read() as connection:
            if not any(is_clear(kept) for kept in definitions.all_kept(connection)):
                return 0
        with self._database.write(lock="destinations") as connection:
            forget_what_was(connection)
            found = [kept for kept in definitions.all_kept(connection) if is_clear(kept)]
            for kept in found:
                definitions.put(connection, *sealed(self._seal, kept))
        return len(found)

    def _kept(self, destination_id: str) -> Kept:
        with self._database.read() as connection:
            kept = definitions.one(connection, destination_id)
        if kept is None:
            raise _unknown(destination_id)
        return kept

    def _put(self, destination_id: str, change: Callable[[Kept], Kept]) -> DestinationShown:
        with self._database.write(lock="destinations") as connection:
            kept = definitions.one(connection, destination_id)
            if kept is None:
                raise _unknown(destination_id)
            new = change(kept)
            definition = msgspec.structs.replace(new.definition, changed_us=self._clock.now_us())
            definitions.put(connection, definition, new.keys)
        return self.get(destination_id)

    def _keys_of_changes(self, connection: Connection) -> dict[str, str]:
        """Return the column by which each destination that is told of changes knows its members."""
        keys = {}
        for kept in definitions.all_kept(connection):
            if kept.definition.feed == "audience":
                opened: Any = self._desk.opened(kept)  # Any: a destination with the feed `audience`
                if not opened.whole:
                    keys[kept.definition.destination_id] = opened.key
        return keys


def _standing(kept: Kept, status: Status, reason: Sentence) -> Kept:
    told = {"reason": text_of(reason), "said": saying_of(reason)}
    return kept._replace(definition=msgspec.structs.replace(kept.definition, status=status, **told))


def _unknown(destination_id: str) -> NotFoundError:
    return NotFoundError(said("no_destination", "There is no destination {destination!r}.", destination=destination_id))
