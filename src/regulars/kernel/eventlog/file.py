"""One partition, read: fresh records stand in a SQLite file, a row per commit; packed ones in segments beside it."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from regulars.kernel.errors import InvalidError, UnavailableError
from regulars.kernel.eventlog.core import LogSize, Record
from regulars.kernel.eventlog.segment import Group
from regulars.kernel.eventlog.shelf import (
    CREATE_SEGMENTS,
    PACKED_BYTES,
    Reading,
    all_segments,
    fault_of,
    segment_after,
    shelf_of,
)
from regulars.kernel.sayings import said

SUFFIX = ".log.db"
BUSY_TIMEOUT_S = 15
GROUP_BYTES_MAX = 1 << 20  # a row never holds much more, so that reading a few records stays cheap
GROUP_RECORDS_MAX = 1_024
PAGE_BYTES = 16_384

# One row per commit. `payloads` is a msgpack list of `records` byte strings. The newest row is never packed.
CREATE_GROUPS = """
CREATE TABLE IF NOT EXISTS log_groups (
    first_offset INTEGER PRIMARY KEY, records INTEGER NOT NULL, accepted_us INTEGER NOT NULL, payloads BLOB NOT NULL)"""
# How far the log was trimmed: one row.
CREATE_TRIMMED = "CREATE TABLE IF NOT EXISTS log_trimmed (only INTEGER PRIMARY KEY, through INTEGER NOT NULL)"
APPEND_GROUP = "INSERT INTO log_groups (first_offset, records, accepted_us, payloads) VALUES (?, ?, ?, ?)"
# Which rows hold what comes after this offset?
READ_GROUPS = """
SELECT first_offset, records, accepted_us, payloads FROM log_groups
WHERE first_offset >= COALESCE((SELECT MAX(first_offset) FROM log_groups WHERE first_offset <= ?), 0)
ORDER BY first_offset"""
LAST_GROUP = "SELECT first_offset + records - 1 FROM log_groups ORDER BY first_offset DESC LIMIT 1"
TRIMMED_THROUGH = "SELECT through FROM log_trimmed WHERE only = 1"

encode_payloads = msgspec.msgpack.Encoder().encode
decode_payloads = msgspec.msgpack.Decoder(list[bytes]).decode

_PARTITION_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")


def partition_path(folder: Path, partition: str) -> Path:
    """Return where a partition's file lies.

    >>> partition_path(Path("log"), "web-0").name
    'web-0.log.db'
    """
    if not _PARTITION_NAME.fullmatch(partition):
        raise InvalidError(f"A partition is named like 'web-0': small letters, digits, '-', '_'; not {partition!r}.")
    return folder / f"{partition}{SUFFIX}"


def partition_names(folder: Path) -> list[str]:
    """Return the partitions that lie in a folder, sorted."""
    return sorted(path.name.removesuffix(SUFFIX) for path in folder.glob(f"*{SUFFIX}"))


def connect(path: Path, *, must_exist: bool = False) -> sqlite3.Connection:
    """Open a partition's file; each statement commits by itself."""
    location = f"{path.absolute().as_uri()}?mode={'rw' if must_exist else 'rwc'}"
    connection = sqlite3.connect(
        location, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    connection.execute(f"PRAGMA page_size={PAGE_BYTES}")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    for create in (CREATE_GROUPS, CREATE_TRIMMED, CREATE_SEGMENTS):
        connection.execute(create)
    return connection


class PartitionFile:
    """One partition, read by any number of threads; each call sees whole commits only."""

    def __init__(self, path: Path, partition: str) -> None:
        self._path = path
        self._partition = partition
        self._lock = threading.Lock()
        self._connection = connect(path, must_exist=True)
        self._shelf = Reading(shelf_of(path))

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    def read(self, after: int, records_max: int) -> list[Record]:
        """Return up to `records_max` records with an offset above `after`, in order."""
        found: list[Record] = []
        with self._asked() as connection:
            while len(found) < records_max:
                step = self._read_fresh(connection, after, records_max - len(found))
                if step and step[0].offset > after + 1:  # something lies before: packed, or let go
                    step = self._read_packed(connection, after, records_max - len(found)) or step
                if not step:
                    break
                found += step
                after = step[-1].offset
        return found

    def end(self) -> int:
        """Return the offset of the last durable record, 0 when there is none."""
        with self._asked() as connection:
            row = connection.execute(LAST_GROUP).fetchone()
            return int(row[0]) if row else trimmed_through(connection)

    def start(self) -> int:
        """Return the offset before the oldest record kept."""
        with self._asked() as connection:
            return trimmed_through(connection)

    def size(self) -> LogSize:
        """Return how many bytes all of it takes on the disk."""
        with self._asked() as connection:
            pages, free, page_bytes = pages_of(connection)
            packed, packed_from = connection.execute(PACKED_BYTES).fetchone()
        journal = self._path.with_name(self._path.name + "-wal")
        return LogSize(
            fresh=(pages - free) * page_bytes,
            journal=journal.stat().st_size if journal.exists() else 0,
            free=free * page_bytes,
            packed=packed,
            packed_from=packed_from,
        )

    def problems(self) -> list[str]:
        """Return what is wrong with its files, a sentence each."""
        with self._asked() as connection:
            try:
                said = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
            except sqlite3.DatabaseError as error:
                said = str(error)
            listed = all_segments(connection) if said == "ok" else []
        wrong = [] if said == "ok" else [f"{self._path.name} is damaged: {said}."]
        return wrong + [sentence for each in listed if (sentence := fault_of(shelf_of(self._path), each))]

    def _read_fresh(self, connection: sqlite3.Connection, after: int, records_max: int) -> list[Record]:
        found: list[Record] = []
        rows = connection.execute(READ_GROUPS, (after + 1,))
        for first, records, accepted_us, payloads in rows:
            if first + records > after + 1:
                self._add(found, Group(first, accepted_us, decode_payloads(payloads)), after, records_max)
            if len(found) >= records_max:
                break
        rows.close()
        return found

    def _read_packed(self, connection: sqlite3.Connection, after: int, records_max: int) -> list[Record]:
        found: list[Record] = []
        for group in self._shelf.groups(lambda reached: segment_after(connection, reached), after):
            if group.first_offset + len(group.payloads) > after + 1:
                self._add(found, group, after, records_max)
            if len(found) >= records_max:
                break
        return found

    def _add(self, found: list[Record], group: Group, after: int, records_max: int) -> None:
        skipped = max(0, after + 1 - group.first_offset)
        room = records_max - len(found)
        wanted = group.payloads[skipped : skipped + room]
        for offset, payload in enumerate(wanted, group.first_offset + skipped):
            found.append(Record(self._partition, offset, group.accepted_us, payload))

    @contextmanager
    def _asked(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._connection
            except sqlite3.OperationalError as error:
                raise UnavailableError(
                    said(
                        "log_not_read",
                        "The log of {partition!r} cannot be read: {why}.",
                        partition=self._partition,
                        why=str(error),
                    )
                ) from error


def trimmed_through(connection: sqlite3.Connection) -> int:
    """Return the offset through which records were let go."""
    row = connection.execute(TRIMMED_THROUGH).fetchone()
    return int(row[0]) if row else 0


def pages_of(connection: sqlite3.Connection) -> tuple[int, int, int]:
    """Return how many pages the file has, how many of them are free, and the bytes of one."""
    pages, free, page_bytes = (
        connection.execute(f"PRAGMA {each}").fetchone()[0] for each in ("page_count", "freelist_count", "page_size")
    )
    return int(pages), int(free), int(page_bytes)
