"""Keeps a partition's files in order: packs old records, lets the oldest go, rewrites for erasing, gives room back.

Anyone may ask; one at a time does it, whichever process it is. Whoever appends meanwhile waits a few milliseconds,
except while `scrub` or `shrink` copies what is fresh. A process may die in the middle of anything: what is packed is
listed in one transaction, and what nobody lists is swept away by the next who keeps the files.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from regulars.kernel.errors import DiskFullError, NotFoundError, UnavailableError
from regulars.kernel.eventlog import shelf
from regulars.kernel.eventlog.core import Packed
from regulars.kernel.eventlog.file import (
    APPEND_GROUP,
    LAST_GROUP,
    connect,
    decode_payloads,
    encode_payloads,
    pages_of,
    trimmed_through,
)
from regulars.kernel.eventlog.segment import Group, Segment, wipe, write_segment
from regulars.kernel.eventlog.shelf import Listed
from regulars.kernel.sayings import said

STEP_ROWS = 256  # deleted in one transaction: an appending process waits some milliseconds at most
STEP_BYTES = 1 << 20
STEP_PAUSE_S = 0.003  # so that whoever waits for the file gets it between two steps
OLD_PART = 16  # of a segment: so much of old records is worth packing, though fresh ones have room enough
SCRUB_BYTES = 64 << 20  # what is fresh is copied while senders wait; the rest is packed before

# Which rows come first, and how large are they?
_OLDEST_ROWS = """
SELECT first_offset, records, accepted_us, LENGTH(payloads) FROM log_groups
WHERE first_offset > ? ORDER BY first_offset LIMIT ?"""
_PAYLOADS = "SELECT first_offset, accepted_us, payloads FROM log_groups WHERE first_offset <= ? ORDER BY first_offset"
_FORGET_GROUPS = "DELETE FROM log_groups WHERE first_offset <= ?"
_ONE_GROUP = """
SELECT first_offset, accepted_us, payloads FROM log_groups
WHERE first_offset <= ? ORDER BY first_offset DESC LIMIT 1"""
_FORGET_GROUP = "DELETE FROM log_groups WHERE first_offset = ?"
_REPLACE_PAYLOADS = "UPDATE log_groups SET payloads = ? WHERE first_offset = ?"
_SET_TRIMMED = """
INSERT INTO log_trimmed (only, through) VALUES (1, ?) ON CONFLICT (only) DO UPDATE SET through = excluded.through"""


class Keeper:
    """Keeps one partition's files in order."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._shelf = shelf.shelf_of(path)

    def pack(self, *, fresh_bytes: int, before_us: int, segment_bytes: int) -> Packed | None:
        """Make one segment of the oldest rows, when more than `fresh_bytes` are fresh or enough of them are old."""
        with self._keeping() as connection:
            last = self._worth_packing(connection, fresh_bytes, before_us, segment_bytes)
            if last == 0:
                return None
            groups = [
                Group(first, accepted_us, decode_payloads(payloads))
                for first, accepted_us, payloads in connection.execute(_PAYLOADS, (last,))
            ]
            packed = self._written(shelf.segment_name(groups[0].first_offset), groups)
            shelf.list_segment(connection, packed)
            self._drop_rows(connection, packed.last_offset)
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
            return Packed(records=packed.records, bytes_before=packed.size_before, bytes_after=packed.size)

    def trim(self, through: int) -> int:
        """Forget records up to and including `through`; return how many went."""
        with self._keeping() as connection:
            before = trimmed_through(connection)
            row = connection.execute(LAST_GROUP).fetchone()
            last = min(through, int(row[0]) if row else before)
            if last <= before:
                return 0
            gone = self._unlist(connection, last)
            self._drop_rows(connection, last, trimming=True)
            for listed in gone:
                (self._shelf / listed.name).unlink(missing_ok=True)
            return last - before

    def rewrite(self, payloads: Mapping[int, bytes]) -> None:
        """Put other payloads in the place of records."""
        with self._keeping(secure_delete="ON") as connection:
            packed_through = shelf.packed_through(connection)
            for offset in sorted(payloads):
                if offset > packed_through:
                    _rewrite_row(connection, offset, payloads[offset])
            self._rewrite_packed(connection, {at: payloads[at] for at in payloads if at <= packed_through})
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def scrub(self) -> None:
        """Copy what is fresh to clean pages, so that nothing remains of what was there before."""
        while self.pack(fresh_bytes=SCRUB_BYTES, before_us=0, segment_bytes=SCRUB_BYTES // 4):
            pass
        with self._keeping() as connection:
            self._copy_to_clean_pages(connection)

    def shrink(self, free_bytes_max: int) -> int:
        """Give free pages back to the disk when they take more than this and more than the fresh ones."""
        with self._keeping() as connection:
            pages, free, page_bytes = pages_of(connection)
            used_bytes, free_bytes = (pages - free) * page_bytes, free * page_bytes
            if free_bytes <= max(free_bytes_max, used_bytes) or used_bytes > 2 * SCRUB_BYTES:
                return 0
            self._copy_to_clean_pages(connection)
            return free_bytes

    def _worth_packing(
        self, connection: sqlite3.Connection, fresh_bytes: int, before_us: int, segment_bytes: int
    ) -> int:
        """Return the first offset of the last row of the next segment, 0 when there is none worth it."""
        pages, free, page_bytes = pages_of(connection)
        too_many = (pages - free) * page_bytes - fresh_bytes >= segment_bytes
        size = old = old_bytes = 0
        for first, accepted_us, row_bytes in _all_but_newest(connection):
            size += row_bytes
            if accepted_us < before_us:
                old, old_bytes = first, size
            elif not too_many:
                break
            if size >= segment_bytes:
                return first
        return old if old_bytes >= segment_bytes // OLD_PART else 0

    def _written(self, name: str, groups: list[Group]) -> Listed:
        self._shelf.mkdir(exist_ok=True)
        try:
            size = write_segment(self._shelf / name, groups)
        except OSError as error:
            raise DiskFullError(
                said("log_not_packed", "Old records could not be packed: {why}.", why=str(error.strerror))
            ) from error
        records = sum(len(group.payloads) for group in groups)
        size_before = sum(len(payload) for group in groups for payload in group.payloads)
        return Listed(groups[0].first_offset, records, name, size, size_before)

    def _drop_rows(self, connection: sqlite3.Connection, through: int, *, trimming: bool = False) -> None:
        """Delete the rows up to an offset, in small steps; the row that goes beyond it keeps its tail.

        Nobody waits for the disk while the file is locked: what is dropped is packed, or may go, and is dropped again
        should the machine forget that it was. The mark of what was let go moves on with each step.
        """
        connection.execute("PRAGMA synchronous=NORMAL")
        while rows := connection.execute(_OLDEST_ROWS, (0, STEP_ROWS)).fetchall():
            last = end = size = 0
            for first, records, _, row_bytes in rows:
                if first + records - 1 > through or size >= STEP_BYTES:
                    break
                last, end, size = first, first + records - 1, size + row_bytes
            if not last:
                if rows[0][0] <= through:
                    _cut_group(connection, through)
                break
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_FORGET_GROUPS, (last,))
            if trimming:
                connection.execute(_SET_TRIMMED, (end,))
            connection.execute("COMMIT")
            time.sleep(STEP_PAUSE_S)
        connection.execute("PRAGMA synchronous=FULL")

    def _unlist(self, connection: sqlite3.Connection, through: int) -> list[Listed]:
        """Let what is packed up to an offset no longer count; return the segments that nobody lists now."""
        gone = shelf.segments_through(connection, through)
        if not gone:
            return gone
        tail = self._tail(gone[-1], through) if gone and gone[-1].last_offset > through else None
        connection.execute("BEGIN IMMEDIATE")
        shelf.unlist_segments(connection, through)
        if tail is not None:
            shelf.list_segment(connection, tail)
        connection.execute(_SET_TRIMMED, (min(through, gone[-1].last_offset),))
        connection.execute("COMMIT")
        return gone

    def _tail(self, listed: Listed, through: int) -> Listed:
        kept = [
            Group(max(group.first_offset, through + 1), group.accepted_us, payloads)
            for group in self._unpacked(listed)
            if (payloads := group.payloads[max(0, through + 1 - group.first_offset) :])
        ]
        return self._written(shelf.segment_name(through + 1), kept)

    def _rewrite_packed(self, connection: sqlite3.Connection, payloads: Mapping[int, bytes]) -> None:
        waiting = sorted(payloads)
        while waiting:
            listed = shelf.segment_after(connection, waiting[0] - 1)
            if listed is None or not listed.first_offset <= waiting[0]:
                raise _no_record(waiting[0])
            groups = self._unpacked(listed)
            here = [offset for offset in waiting if offset <= listed.last_offset]
            for group in groups:
                for offset in here:
                    if 0 <= offset - group.first_offset < len(group.payloads):
                        group.payloads[offset - group.first_offset] = payloads[offset]
            shelf.list_segment(connection, self._written(listed.successor(), groups))
            wipe(self._shelf / listed.name)
            waiting = waiting[len(here) :]

    def _unpacked(self, listed: Listed) -> list[Group]:
        segment = Segment(self._shelf / listed.name)
        return [group for number in range(len(segment.index)) for group in segment.groups(number)]

    def _copy_to_clean_pages(self, connection: sqlite3.Connection) -> None:
        connection.execute("VACUUM")
        busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise UnavailableError(
                said("log_not_wiped", "Somebody reads the log for long; its old pages could not be wiped yet.")
            )

    @contextmanager
    def _keeping(self, *, secure_delete: str = "FAST") -> Iterator[sqlite3.Connection]:
        """Give a connection to the one who keeps the files now, in good order: nothing half done, nothing left over."""
        try:
            with _alone(self._path), closing(connect(self._path, must_exist=True)) as connection:
                connection.execute(f"PRAGMA secure_delete={secure_delete}")
                self._drop_rows(connection, shelf.packed_through(connection))
                self._sweep(connection)
                yield connection
        except sqlite3.Error as error:
            raise _as_trouble(error) from error

    def _sweep(self, connection: sqlite3.Connection) -> None:
        with suppress(FileNotFoundError):
            there = {path.name for path in self._shelf.iterdir()}
            for name in there - shelf.names(connection):
                wipe(self._shelf / name)


@contextmanager
def _alone(path: Path) -> Iterator[BinaryIO]:
    import fcntl

    with path.with_name(path.name.removesuffix(".log.db") + ".keeping").open("ab") as lock_file:
        fcntl.flock(lock_file, fcntl.LOCK_EX)
        yield lock_file


def _all_but_newest(connection: sqlite3.Connection) -> Iterator[tuple[int, int, int]]:
    """Yield first offset, moment and size of the rows, oldest first; not of the newest, by which the end is known."""
    newest, reached = connection.execute("SELECT MAX(first_offset) FROM log_groups").fetchone()[0], 0
    while rows := connection.execute(_OLDEST_ROWS, (reached, STEP_ROWS)).fetchall():
        for first, _, accepted_us, size in rows:
            if first != newest:
                yield first, accepted_us, size
            reached = first


def _rewrite_row(connection: sqlite3.Connection, offset: int, payload: bytes) -> None:
    connection.execute("BEGIN IMMEDIATE")
    row = connection.execute(_ONE_GROUP, (offset,)).fetchone()
    payloads = decode_payloads(row[2]) if row else []
    if row is None or not row[0] <= offset < row[0] + len(payloads):
        connection.execute("ROLLBACK")
        raise _no_record(offset)
    payloads[offset - row[0]] = payload
    connection.execute(_REPLACE_PAYLOADS, (encode_payloads(payloads), row[0]))
    connection.execute("COMMIT")


def _cut_group(connection: sqlite3.Connection, through: int) -> None:
    """Keep of the row that holds `through` only what comes after it."""
    connection.execute("BEGIN IMMEDIATE")
    first, accepted_us, payloads = connection.execute(_ONE_GROUP, (through,)).fetchone()
    kept = decode_payloads(payloads)[through + 1 - first :]
    connection.execute(_FORGET_GROUP, (first,))
    connection.execute(APPEND_GROUP, (through + 1, len(kept), accepted_us, encode_payloads(kept)))
    connection.execute(_SET_TRIMMED, (through,))
    connection.execute("COMMIT")


def _no_record(offset: int) -> NotFoundError:
    return NotFoundError(f"The log holds no record at offset {offset}.")


def _as_trouble(error: sqlite3.Error) -> UnavailableError:
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}:
        return DiskFullError(f"The log cannot be put in order ({error}). Make room on its disk.")
    return UnavailableError(f"The log cannot be put in order: {error}.")
