"""A street to test on: a log, a worker, identity and profiles over one database, and facts sent as an SDK would.

street = Street(folder, database, clock)
street.send({"type": "track", "event": "Song Played", "userId": "ann"})
street.work()
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any  # Any: what an SDK sends, and rows of any table

import msgspec

from regulars.events import store as events_store
from regulars.events import worker_store
from regulars.events.core import Projection
from regulars.events.dedupe import Keys
from regulars.events.record import AcceptedRequest, encode_entry
from regulars.events.worker import Worker
from regulars.identity import Identity
from regulars.identity import store as identity_store
from regulars.kernel.clock import Clock
from regulars.kernel.database import Database, Migration
from regulars.kernel.eventlog import EventLog, open_log
from regulars.profiles import Profiles
from regulars.profiles import store as profiles_store
from regulars.profiles.core.state import State
from regulars.profiles.core.timeline import Line
from regulars.profiles.projection import KnowsItems

MIGRATIONS: tuple[Migration, ...] = (
    *events_store.MIGRATIONS,
    *worker_store.MIGRATIONS,
    *identity_store.MIGRATIONS,
    *profiles_store.MIGRATIONS,
)


class Street:
    """Everything between the log and the profiles, in one process."""

    def __init__(self, folder: Path, database: Database, clock: Clock, *, catalog: KnowsItems | None = None) -> None:
        database.migrate(MIGRATIONS)
        self.folder = folder
        self.database = database
        self.clock = clock
        self.identity = Identity(database=database, clock=clock)
        self.profiles = Profiles(database=database, clock=clock, identity=self.identity, catalog=catalog)
        self._logs: dict[str, EventLog] = {}
        self.log = self._log("worker")

    def close(self) -> None:
        """Let go of the log's files."""
        for log in self._logs.values():
            log.close()

    def _log(self, partition: str) -> EventLog:
        if partition not in self._logs:
            self._logs[partition] = open_log(self.folder / "log", partition, clock=self.clock)
        return self._logs[partition]

    def send(self, *items: Mapping[str, Any], source_id: str = "web", partition: str = "web-0") -> None:
        """Let one request of these items be accepted now. Any: what an SDK sends."""
        body = msgspec.json.encode({"batch": list(items)})
        request = AcceptedRequest(source_id, self.clock.now_us(), "192.0.2.7", "", "batch", body)
        self._log(partition).append_many([encode_entry(request)])

    def worker(
        self,
        *,
        projections: Sequence[Projection] | None = None,
        events_a_batch: int = 2_000,
        log: EventLog | None = None,
        database: Database | None = None,
    ) -> Worker:
        """Return a fresh worker, as after a restart."""
        return Worker(
            database=database or self.database,
            log=log or self.log,
            clock=self.clock,
            projections=projections or (self.identity, self.profiles),
            events_a_batch=events_a_batch,
        )

    def work(self, **options: Any) -> Worker:  # Any: options of `worker`
        """Take in everything that waits."""
        worker = self.worker(**options)
        drain(worker)
        return worker


def drain(worker: Worker) -> None:
    """Work until nothing waits, news of our own included."""
    while worker.run_once():
        pass


def state_of(database: Database) -> dict[str, object]:
    """Return what the worker, identity and profiles keep, without what may differ between equal shops.

    Left out are the clock's readings, the cutting into batches, and the last digits of a taste's strength.
    """
    with database.read() as connection:

        def rows(statement: str) -> list[tuple[Any, ...]]:  # Any: rows of any table
            return [tuple(row) for row in connection.exec_driver_sql(statement)]

        seen = [bytes(row[0]) for row in rows("SELECT keys FROM events_seen_young")]
        seen += [bytes(row[0]) for row in rows("SELECT keys FROM events_seen_pages")]
        keys = b"".join(Keys.unpacked(kept).keys for kept in seen)
        return {
            "identifiers": rows(
                "SELECT identifier_id, identifier, customer_id, first_us, last_us FROM identity_identifiers ORDER BY 1"
            ),
            "evidence": rows(
                "SELECT from_id, to_id, kind, event_id, at_us, refused_reason FROM identity_evidence"
                " ORDER BY evidence_id"
            ),
            "merges": rows("SELECT absorbed_id, kept_id, standing_id, at_us FROM identity_merges ORDER BY 1"),
            "customers": [
                (row[0], row[1], _rounded(msgspec.to_builtins(msgspec.msgpack.decode(bytes(row[2]), type=State))))
                for row in rows("SELECT customer_id, name, state FROM profiles_customers ORDER BY 1")
            ],
            "words": rows("SELECT word, customer_id FROM profiles_words ORDER BY 1, 2"),
            "timeline": [
                (row[0], row[1], msgspec.to_builtins(msgspec.msgpack.decode(bytes(row[2]), type=Line)))
                for row in rows("SELECT identifier_id, occurred_us, line FROM profiles_timeline ORDER BY entry_id")
            ],
            "dead letters": rows(
                "SELECT event_id, message_id, projection FROM events_dead_letters ORDER BY partition, letter_id"
            ),
            "seen": {keys[start : start + 16] for start in range(0, len(keys), 16)},
        }


def _rounded(value: Any) -> Any:  # Any: builtins of any depth
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    return [_rounded(inner) for inner in value] if isinstance(value, list | tuple) else value
