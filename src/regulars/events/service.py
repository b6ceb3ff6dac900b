"""What the events room does: keeps sources and their keys, takes facts in, and tells what came."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import msgspec
from sqlalchemy import Connection

from regulars.events import keys_store, store
from regulars.events.core import Fact, SourceKind, SourceRow
from regulars.events.counts import Counts, Outcomes
from regulars.events.decode import OWN_SOURCE, read_request
from regulars.events.keys import KeyedSource, write_keys
from regulars.events.keys_store import OldKeyRow
from regulars.events.live import Live
from regulars.events.record import AcceptedRequest, OwnFacts, encode_entry
from regulars.kernel.clock import MICROSECONDS_PER_SECOND, Clock, moment
from regulars.kernel.database import Database
from regulars.kernel.errors import InvalidError, NotFoundError, ShapeError
from regulars.kernel.eventlog import EventLog, Record
from regulars.kernel.ids import SourceId, new_id
from regulars.kernel.sayings import said

MINUTE_US = 60 * MICROSECONDS_PER_SECOND
HOUR_MINUTES = 60
HOUR_US = HOUR_MINUTES * MINUTE_US
DAY_US = 24 * HOUR_US
DAY_MINUTES = 24 * 60
NAMES_SHOWN = 20
RATE_US = 3 * MICROSECONDS_PER_SECOND
SOURCE_NAME_CHARACTERS_MAX = 120
GRACE_DAYS_MAX = 30


class OldKey(msgspec.Struct, frozen=True, kw_only=True):
    """A write key that was replaced and opens until then."""

    write_key: str
    replaced_at: datetime
    until: datetime


class OldKeys(msgspec.Struct, frozen=True, kw_only=True):
    """The replaced keys of a source that still open, and how much comes with them; `keys` has the latest last."""

    keys: list[OldKey]
    events_24h: int
    last_event_at: datetime | None


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Where events come from, with how much came lately."""

    source_id: SourceId
    name: str
    kind: SourceKind
    write_key: str
    enabled: bool
    created_at: datetime
    last_event_at: datetime | None
    events_24h: int
    cookie: bool = False
    old_keys: OldKeys | None = None


class MinuteCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many events came through a source in the minute that began then."""

    minute: datetime
    source_id: str
    count: int


class NameCount(msgspec.Struct, frozen=True, kw_only=True):
    """How often something happened."""

    name: str
    count: int


class SourceCount(msgspec.Struct, frozen=True, kw_only=True):
    """How much came through a source."""

    source_id: SourceId
    name: str
    count: int


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """How much came lately: now, by minute for an hour, and in all of a day. Our own facts are not counted."""

    rate_per_s: float
    series: list[MinuteCount]
    outcomes: Outcomes
    by_event: list[NameCount]
    by_source: list[SourceCount]


class Events:
    """Sources, and the facts that come through them."""

    def __init__(self, *, database: Database, clock: Clock, log: EventLog, folder: Path) -> None:
        self._database = database
        self._clock = clock
        self._log = log
        self._folder = folder
        self.live = Live(database=database, clock=clock, log=log)
        self.counts = Counts(database=database, clock=clock)
        self._rate_since: tuple[int, int, int] | None = None  # minute counted from, moment, events by then
        self._rate_per_s = 0.0

    def append(self, facts: Sequence[Fact | Mapping[str, object]]) -> None:
        """Make facts durable in the log, in this order.

        Parameters
        ----------
        facts
            News of our own (`Fact`), or calls as an SDK would send them: `{"type": "track", "event": …, "userId": …}`.

        Raises
        ------
        ShapeError
            When a call is none; `problems` lists each with its index, and nothing is taken.
        DiskFullError
            When they could not be made durable; nothing is taken.

        """
        now_us = self._clock.now_us()
        own = [fact for fact in facts if isinstance(fact, Fact)]
        calls = [fact for fact in facts if not isinstance(fact, Fact)]
        payloads = []
        if own:
            payloads.append(encode_entry(OwnFacts(own, now_us)))
        if calls:
            payloads.append(encode_entry(_request_of(calls, now_us)))
        self._log.append_many(payloads)

    def list_sources(self) -> list[Source]:
        """Return every source, oldest first."""
        now_us = self._clock.now_us()
        with self._database.read() as connection:
            rows = store.sources(connection)
            last = store.activity(connection)
            events = store.events_by_source(connection, now_us // MINUTE_US - DAY_MINUTES)
            old_keys = [row for row in keys_store.old_keys(connection) if row.until_us > now_us]
            old_counts = keys_store.old_key_counts(connection, (now_us - DAY_US) // HOUR_US + 1)
            cookies = keys_store.cookie_sources(connection)
        return [
            msgspec.structs.replace(
                _shown(row, last.get(row.source_id), events.get(row.source_id, 0)),
                cookie=row.source_id in cookies,
                old_keys=_old_keys(row.source_id, old_keys, old_counts),
            )
            for row in rows
        ]

    def source(self, source_id: SourceId) -> Source:
        """Return one source.

        Raises
        ------
        NotFoundError
            When there is no such source.

        """
        for found in self.list_sources():
            if found.source_id == source_id:
                return found
        raise NotFoundError(said("no_source", "There is no source {source!r}.", source=source_id))

    def create_source(self, name: str, kind: SourceKind, *, write_key: str | None = None) -> Source:
        """Open a new source and return it with its write key."""
        now_us = self._clock.now_us()
        row = SourceRow(
            source_id=SourceId(new_id(now_us)),
            name=_checked_name(name),
            kind=kind,
            write_key=write_key or _new_key(),
            enabled=True,
            created_us=now_us,
        )
        with self._database.write() as connection:
            store.add_source(connection, row)
            self._publish(connection)
        return _shown(row, None, 0)

    def change_source(
        self,
        source_id: SourceId,
        *,
        name: str | None = None,
        enabled: bool | None = None,
        cookie: bool | None = None,
    ) -> Source:
        """Rename a source, close and open it, or let it keep visitors' ids in a cookie."""
        with self._database.write() as connection:
            row = _known(store.source(connection, source_id), source_id)
            changed = msgspec.structs.replace(
                row,
                name=row.name if name is None else _checked_name(name),
                enabled=row.enabled if enabled is None else enabled,
            )
            store.change_source(connection, changed)
            if cookie is not None:
                keys_store.set_cookie_source(connection, source_id, may=cookie)
            self._publish(connection)
        return self.source(source_id)

    def rotate_key(self, source_id: SourceId, *, grace_days: int = 0) -> Source:
        """Give a source a new write key.

        The one it had opens for `grace_days` more; with 0 it and every key before it open nothing from now on, as is
        right for a key in the wrong hands.

        Raises
        ------
        InvalidError
            When the days are none that a key can have.
        NotFoundError
            When there is no such source.

        """
        if not 0 <= grace_days <= GRACE_DAYS_MAX:
            raise InvalidError(
                said(
                    "key_grace",
                    "A replaced key opens for 0 to {most} days more, not {days}.",
                    most=GRACE_DAYS_MAX,
                    days=grace_days,
                )
            )
        now_us = self._clock.now_us()
        with self._database.write() as connection:
            row = _known(store.source(connection, source_id), source_id)
            if grace_days == 0:
                keys_store.end_old_keys(connection, source_id, now_us)
            replaced = OldKeyRow(
                write_key=row.write_key, source_id=source_id, replaced_us=now_us, until_us=now_us + grace_days * DAY_US
            )
            keys_store.add_old_key(connection, replaced)
            store.change_source(connection, msgspec.structs.replace(row, write_key=_new_key()))
            self._publish(connection)
        return self.source(source_id)

    def end_old_keys(self, source_id: SourceId) -> Source:
        """Let the replaced keys of a source open nothing from now on.

        Raises
        ------
        NotFoundError
            When there is no such source.

        """
        with self._database.write() as connection:
            _known(store.source(connection, source_id), source_id)
            keys_store.end_old_keys(connection, source_id, self._clock.now_us())
            self._publish(connection)
        return self.source(source_id)

    def traffic(self) -> Traffic:
        """Return how much came lately, from where, and what became of it."""
        now_us = self._clock.now_us()
        minute = now_us // MINUTE_US
        with self._database.read() as connection:
            series = store.by_minute(connection, minute - HOUR_MINUTES + 1)
            outcomes = store.by_outcome(connection, minute - DAY_MINUTES, OWN_SOURCE)
            names = store.by_name(connection, minute - DAY_MINUTES, OWN_SOURCE, NAMES_SHOWN)
            sources = store.events_by_source(connection, minute - DAY_MINUTES)
            source_names: dict[str, str] = {row.source_id: row.name for row in store.sources(connection)}
        customers_own = [row for row in series if row[1] != OWN_SOURCE]
        ranked = sorted(sources.items(), key=lambda row: (-row[1], row[0]))
        return Traffic(
            rate_per_s=self._rate(customers_own, now_us),
            series=[
                MinuteCount(minute=moment(at * MINUTE_US), source_id=of, count=count) for at, of, count in customers_own
            ],
            outcomes=Outcomes(**outcomes),
            by_event=[NameCount(name=name, count=count) for name, count in names],
            by_source=[
                SourceCount(source_id=SourceId(of), name=source_names.get(of, ""), count=count)
                for of, count in ranked
                if of != OWN_SOURCE
            ],
        )

    def _rate(self, series: Sequence[tuple[int, str, int]], now_us: int) -> float:
        """Return events a second, from how far the counts moved since some seconds ago."""
        since = self._rate_since
        if since is None or now_us - since[1] > MINUTE_US:
            minute = now_us // MINUTE_US - 1
            since = (minute, now_us, sum(count for at, _, count in series if at >= minute))
            if self._rate_since is None:
                self._rate_per_s = since[2] / (now_us / MICROSECONDS_PER_SECOND - minute * 60)
            self._rate_since = since
        elif now_us - since[1] >= RATE_US:
            counted = sum(count for at, _, count in series if at >= since[0])
            self._rate_per_s = (counted - since[2]) * MICROSECONDS_PER_SECOND / (now_us - since[1])
            minute = now_us // MINUTE_US - 1
            self._rate_since = (minute, now_us, sum(count for at, _, count in series if at >= minute))
        return round(max(0.0, self._rate_per_s), 2)

    def publish_keys(self) -> None:
        """Write the door's snapshot of the keys again, as when a shop is opened."""
        with self._database.read() as connection:
            self._publish(connection)

    def _publish(self, connection: Connection) -> None:
        rows = store.sources(connection)
        by_id = {row.source_id: row for row in rows}
        opens = [(row, row.write_key, 0) for row in rows]
        opens += [(by_id[old.source_id], old.write_key, old.until_us) for old in keys_store.old_keys(connection)]
        cookies = keys_store.cookie_sources(connection)
        write_keys(
            self._folder,
            [
                KeyedSource(row.source_id, row.name, row.kind, key, row.enabled, until_us, row.source_id in cookies)
                for row, key, until_us in opens
            ],
        )


def _request_of(calls: Sequence[Mapping[str, object]], now_us: int) -> AcceptedRequest:
    body = msgspec.json.encode({"batch": calls})
    request = AcceptedRequest(OWN_SOURCE, now_us, "", "", "batch", body)
    rejected = read_request(Record("", 0, now_us, encode_entry(request))).rejected
    if rejected:
        problems = [f"{fault.index}: {fault.reason}" for fault in rejected]
        raise ShapeError(f"{len(rejected)} of {len(calls)} calls cannot be taken: {problems[0]}", problems=problems)
    return request


def _known(row: SourceRow | None, source_id: SourceId) -> SourceRow:
    if row is None:
        raise NotFoundError(said("no_source", "There is no source {source!r}.", source=source_id))
    return row


def _checked_name(name: str) -> str:
    name = name.strip()
    if not 0 < len(name) <= SOURCE_NAME_CHARACTERS_MAX:
        raise InvalidError(
            said(
                "source_name",
                "A source's name has 1 to {most} characters, this one {length}.",
                most=SOURCE_NAME_CHARACTERS_MAX,
                length=len(name),
            )
        )
    return name


def _new_key() -> str:
    return "wk_" + secrets.token_urlsafe(18)


def _old_keys(source_id: SourceId, rows: Sequence[OldKeyRow], counts: Mapping[str, tuple[int, int]]) -> OldKeys | None:
    keys = [
        OldKey(write_key=row.write_key, replaced_at=moment(row.replaced_us), until=moment(row.until_us))
        for row in rows
        if row.source_id == source_id
    ]
    if not keys:
        return None
    events, last_us = counts.get(source_id, (0, None))
    return OldKeys(keys=keys, events_24h=events, last_event_at=moment(last_us) if last_us is not None else None)


def _shown(row: SourceRow, last_event_us: int | None, events_24h: int) -> Source:
    return Source(
        source_id=row.source_id,
        name=row.name,
        kind=row.kind,
        write_key=row.write_key,
        enabled=row.enabled,
        created_at=moment(row.created_us),
        last_event_at=moment(last_event_us) if last_event_us is not None else None,
        events_24h=events_24h,
    )
