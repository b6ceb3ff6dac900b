"""One partition's file, read: which records stand where, and forgetting the oldest."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from regulars.kernel.errors import InvalidError, NotFoundError, UnavailableError
from regulars.kernel.eventlog import Record

SUFFIX = ".log.db"
BUSY_TIMEOUT_S = 15
TRIM_ROWS = 256  # rows deleted in one transaction: an appending process waits some milliseconds at most
GROUP_BYTES_MAX = 1 << 20  # a row never holds much more, so that reading a few records stays cheap
GROUP_RECORDS_MAX = 1_024
PAGE_BYTES = 16_384

# One row per commit. `payloads` is a msgpack list of `records` byte strings.
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
SET_TRIMMED = (
    "INSERT INTO log_trimmed (only, through) VALUES (1, ?) ON CONFLICT (only) DO UPDATE SET through = excluded.through"
)
OLDEST_GROUPS = """
SELECT first_offset, records FROM log_groups WHERE first_offset <= ? ORDER BY first_offset LIMIT ?"""
FORGET_GROUPS = "DELETE FROM log_groups WHERE first_offset <= ?"
ONE_GROUP = """
SELECT first_offset, accepted_us, payloads FROM log_groups
WHERE first_offset <= ? ORDER BY first_offset DESC LIMIT 1"""
FORGET_GROUP = "DELETE FROM log_groups WHERE first_offset = ?"
REPLACE_PAYLOADS = "UPDATE log_groups SET payloads = ? WHERE first_offset = ?"

encode_payloads = msgspec.msgpack.Encoder().encode
_decode_payloads = msgspec.msgpack.Decoder(list[bytes]).decode

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


class PartitionFile:
    """One partition, read by any number of threads; each call sees whole commits only."""

    def __init__(self, path: Path, partition: str) -> None:
        self._path = path
        self._partition = partition
        self._lock = threading.Lock()
        self._connection = connect(path, must_exist=True)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    def read(self, after: int, records_max: int) -> list[Record]:
        """Return up to `records_max` records with an offset above `after`, in order."""
        found: list[Record] = []
        partition = self._partition
        with self._asked() as connection:
            rows = connection.execute(READ_GROUPS, (after + 1,))
            for first, records, accepted_us, payloads in rows:
                if first + records <= after + 1:
                    continue
                group = _decode_payloads(payloads)
                skipped = max(0, after + 1 - first)
                room = records_max - len(found)
                for offset, payload in enumerate(group[skipped : skipped + room], first + skipped):
                    found.append(Record(partition, offset, accepted_us, payload))
                if len(found) >= records_max:
                    break
            rows.close()
        return found

    def end(self) -> int:
        """Return the offset of the last durable record, 0 when there is none."""
        with self._asked() as connection:
            row = connection.execute(LAST_GROUP).fetchone()
            return int(row[0]) if row else _trimmed_through(connection)

    def start(self) -> int:
        """Return the offset before the oldest record kept."""
        with self._asked() as connection:
            return _trimmed_through(connection)

    def trim(self, through: int) -> int:
        """Forget records up to and including `through`; return how many went."""
        before = self.start()
        last = min(through, self.end())
        with _writing(self._path) as connection:
            while _trim_some(connection, last):
                pass
        return max(0, self.start() - before)

    def rewrite(self, payloads: Mapping[int, bytes]) -> None:
        """Put other payloads in the place of records and wipe the old ones from the file."""
        with _writing(self._path, wiping=True) as connection:
            for offset, payload in sorted(payloads.items()):
                connection.execute("BEGIN IMMEDIATE")
                first, group = _group_of(connection, offset)
                group[offset - first] = payload
                connection.execute(REPLACE_PAYLOADS, (encode_payloads(group), first))
                connection.execute("COMMIT")

    @contextmanager
    def _asked(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._connection
            except sqlite3.OperationalError as error:
                raise UnavailableError(f"The log of {self._partition!r} cannot be read: {error}.") from error


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
    connection.execute(CREATE_GROUPS)
    connection.execute(CREATE_TRIMMED)
    return connection


@contextmanager
def _writing(path: Path, *, wiping: bool = False) -> Iterator[sqlite3.Connection]:
    connection = connect(path, must_exist=True)
    try:
        if wiping:
            connection.execute("PRAGMA secure_delete=ON")
        yield connection
        if wiping:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


def _trimmed_through(connection: sqlite3.Connection) -> int:
    row = connection.execute(TRIMMED_THROUGH).fetchone()
    return int(row[0]) if row else 0


def _trim_some(connection: sqlite3.Connection, through: int) -> bool:
    """Forget some of the oldest rows; return whether more may have to go."""
    connection.execute("BEGIN IMMEDIATE")
    rows = connection.execute(OLDEST_GROUPS, (through, TRIM_ROWS)).fetchall()
    if not rows:
        connection.execute("ROLLBACK")
        return False
    first, records = rows[-1]
    last = min(through, first + records - 1)
    if last < first + records - 1:
        _cut_group(connection, last)
    else:
        connection.execute(FORGET_GROUPS, (first,))
    connection.execute(SET_TRIMMED, (max(last, _trimmed_through(connection)),))
    connection.execute("COMMIT")
    return len(rows) == TRIM_ROWS


def _cut_group(connection: sqlite3.Connection, through: int) -> None:
    """Keep of the row that holds `through` only what comes after it; forget all rows before."""
    first, accepted_us, payloads = connection.execute(ONE_GROUP, (through,)).fetchone()
    kept = _decode_payloads(payloads)[through + 1 - first :]
    connection.execute(FORGET_GROUPS, (first,))
    connection.execute(APPEND_GROUP, (through + 1, len(kept), accepted_us, encode_payloads(kept)))


def _group_of(connection: sqlite3.Connection, offset: int) -> tuple[int, list[bytes]]:
    row = connection.execute(ONE_GROUP, (offset,)).fetchone()
    group = _decode_payloads(row[2]) if row else []
    if row is None or not row[0] <= offset < row[0] + len(group):
        raise NotFoundError(f"The log holds no record at offset {offset}.")
    return int(row[0]), group
