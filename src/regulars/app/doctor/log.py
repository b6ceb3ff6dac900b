"""Is the log whole, how much of it has taken effect, how large is it, and is there room for more?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from regulars.app.doctor.finding import Finding, bad, good, watch
from regulars.app.retention import held, kept_bytes
from regulars.events.worker_store import count_dead_letters, offsets
from regulars.kernel.clock import Clock
from regulars.kernel.database import Database
from regulars.kernel.errors import RegularsError
from regulars.kernel.eventlog import EventLog, open_log
from regulars.kernel.headroom import Headroom
from regulars.kernel.settings import Settings

WAITING_MANY = 10_000
MB = 1_000_000
LOW = 2  # times what must be free


@dataclass(frozen=True)
class Looked:
    """A log that is only looked at."""

    log: EventLog
    database: Database
    settings: Settings
    clock: Clock


def examine_log(folder: Path, database: Database, settings: Settings, clock: Clock) -> Iterator[Finding]:
    """Yield what the log in a folder is like."""
    yield _room(folder.parent, settings, clock)
    log = open_log(folder, clock=clock)
    with closing(log):
        if not log.partitions():
            yield good("log", "The log is empty.")
            return
        damaged = [finding for partition in log.partitions() for finding in _damages(log, partition)]
        yield from damaged
        if not damaged:
            yield from _taken_in(Looked(log, database, settings, clock))


def _room(folder: Path, settings: Settings, clock: Clock) -> Finding:
    room = Headroom(folder, clock, bytes_min=settings.events.disk_free_bytes_min).room()
    told = (
        f"{room.free_bytes // MB:,} MB are free; below {room.needed_bytes // MB:,} MB the door takes nothing more in."
    )
    remedy = "Free some room, or let old records go: events.log_days, events.log_bytes_max."
    if not room.is_open:
        return bad("headroom", told, remedy)
    if room.free_bytes < LOW * room.needed_bytes:
        return watch("headroom", told, remedy)
    return good("headroom", told)


def _damages(log: EventLog, partition: str) -> Iterator[Finding]:
    try:
        problems = log.problems(partition)
    except RegularsError as error:
        problems = [str(error)]
    for problem in problems:
        yield bad("log", problem, "Stop the shop and restore a backup of the folder.")


def _taken_in(looked: Looked) -> Iterator[Finding]:
    log = looked.log
    with looked.database.read() as connection:
        reached, letters = offsets(connection), count_dead_letters(connection)
    ends = {partition: log.end(partition) for partition in log.partitions()}
    ahead = [partition for partition, offset in reached.items() if offset > ends.get(partition, 0)]
    if ahead:
        yield bad(
            "log",
            f"The state has taken in more of {', '.join(ahead)} than the log holds.",
            "The log and the state are of different times. Restore both from one backup.",
        )
        return
    yield good("log", f"{sum(ends.values()):,} records in {len(ends)} partitions, all whole. {_size(log)}")
    yield _retention(looked)
    yield _waiting(sum(end - reached.get(partition, 0) for partition, end in ends.items()))
    yield _letters(letters)


def _size(log: EventLog) -> str:
    sizes = [log.size_of(partition) for partition in log.partitions()]
    total, packed, before = (
        sum(values) for values in zip(*((s.total, s.packed, s.packed_from) for s in sizes), strict=True)
    )
    if not packed:
        return f"{total / MB:,.1f} MB on the disk."
    return f"{total / MB:,.1f} MB on the disk, {packed / MB:,.1f} MB of it packed from {before / MB:,.1f}."


def _retention(looked: Looked) -> Finding:
    events = looked.settings.events
    limits = [f"{events.log_days} days"] if events.log_days else []
    limits += [f"{events.log_bytes_max / MB:,.0f} MB"] if events.log_bytes_max else []
    for one in held(looked):
        return watch(
            "retention",
            one.sentence(),
            f"See why {one.consumer!r} does not go on: is a worker running, a destination paused, a replay under way?",
        )
    if not limits:
        return good("retention", f"The log is kept for ever; {kept_bytes(looked) / MB:,.1f} MB of records so far.")
    return good("retention", f"The log is kept up to {' or '.join(limits)}, and nobody holds it longer.")


def _waiting(records: int) -> Finding:
    if records > WAITING_MANY:
        return watch(
            "worker", f"{records:,} records have not taken effect yet.", "Is a worker running? `regulars work`."
        )
    return good("worker", f"{records:,} records have not taken effect yet.")


def _letters(count: int) -> Finding:
    if count:
        waits = "1 dead letter waits" if count == 1 else f"{count:,} dead letters wait"
        return watch(
            "dead letters",
            f"{waits}: events and requests that were not taken in as they came.",
            "The console has the reason of each, and mends them: Live events, Dead letters.",
        )
    return good("dead letters", "No dead letter waits.")
