"""Where packed records lie: a folder of segments beside a partition's file, which lists those that count.

A segment counts from the moment it is listed, and no longer when it is not: a file that nobody lists is what a process
left that died, and is swept away.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from regulars.kernel.eventlog.segment import SUFFIX, DamagedError, Group, Segment
from regulars.kernel.sayings import said

BLOCKS_KEPT = 4  # in memory: whoever reads on asks for the rest of the same block next
SEGMENTS_KEPT = 8

# Which segments are there? One may be replaced by another of the same offsets, under another name.
CREATE_SEGMENTS = """
CREATE TABLE IF NOT EXISTS log_segments (
    first_offset INTEGER PRIMARY KEY, records INTEGER NOT NULL, name TEXT NOT NULL,
    bytes INTEGER NOT NULL, bytes_before INTEGER NOT NULL)"""
_COLUMNS = "first_offset, records, name, bytes, bytes_before"
# Which segment holds what comes after this offset?
_SEGMENT_AFTER = f"""
SELECT {_COLUMNS} FROM log_segments
WHERE first_offset >= COALESCE((SELECT MAX(first_offset) FROM log_segments WHERE first_offset <= ?1), 0)
    AND first_offset + records > ?1
ORDER BY first_offset LIMIT 1"""
# Which segments hold nothing after this offset, or only their tail?
_SEGMENTS_THROUGH = f"SELECT {_COLUMNS} FROM log_segments WHERE first_offset <= ? ORDER BY first_offset"
_ALL_SEGMENTS = f"SELECT {_COLUMNS} FROM log_segments ORDER BY first_offset"
_LIST_SEGMENT = f"INSERT OR REPLACE INTO log_segments ({_COLUMNS}) VALUES (?, ?, ?, ?, ?)"
_UNLIST_SEGMENTS = "DELETE FROM log_segments WHERE first_offset <= ?"
_NAMES = "SELECT name FROM log_segments"
# Through which offset is everything packed?
_PACKED_THROUGH = "SELECT first_offset + records - 1 FROM log_segments ORDER BY first_offset DESC LIMIT 1"
PACKED_BYTES = "SELECT COALESCE(SUM(bytes), 0), COALESCE(SUM(bytes_before), 0) FROM log_segments"


class Listed(NamedTuple):
    """A segment as the partition lists it."""

    first_offset: int
    records: int
    name: str
    size: int
    size_before: int

    @property
    def last_offset(self) -> int:
        """The offset of its last record."""
        return self.first_offset + self.records - 1

    def successor(self) -> str:
        """Return the name of the segment that takes this one's place."""
        return segment_name(self.first_offset, int(self.name.split(".")[1]) + 1)


def shelf_of(path: Path) -> Path:
    """Return the folder of segments that belongs to a partition's file.

    >>> shelf_of(Path("log/web-0.log.db")).name
    'web-0.segments'
    """
    return path.with_name(path.name.removesuffix(".log.db") + ".segments")


def segment_name(first_offset: int, generation: int = 1) -> str:
    """Return the name of a segment's file.

    >>> segment_name(20481)
    '0000000000020481.1.zst'
    """
    return f"{first_offset:016d}.{generation}{SUFFIX}"


def segment_after(connection: sqlite3.Connection, after: int) -> Listed | None:
    """Return the segment that holds what comes after an offset, None when what comes is not packed."""
    row = connection.execute(_SEGMENT_AFTER, (after + 1,)).fetchone()
    return Listed(*row) if row else None


def segments_through(connection: sqlite3.Connection, through: int) -> list[Listed]:
    """Return the segments that begin at or before an offset."""
    return [Listed(*row) for row in connection.execute(_SEGMENTS_THROUGH, (through,)).fetchall()]


def all_segments(connection: sqlite3.Connection) -> list[Listed]:
    """Return every segment that counts, oldest first."""
    return [Listed(*row) for row in connection.execute(_ALL_SEGMENTS).fetchall()]


def fault_of(shelf: Path, listed: Listed) -> str:
    """Return what is wrong with the file of a segment, by its size and its index; empty when nothing is."""
    try:
        index = Segment(shelf / listed.name).index
        if (shelf / listed.name).stat().st_size != listed.size or sum(each.records for each in index) != listed.records:
            return f"The packed records in {listed.name} are not those that were listed."
    except FileNotFoundError:
        return f"The packed records in {listed.name} are missing."
    except DamagedError as error:
        return str(error)
    return ""


def list_segment(connection: sqlite3.Connection, listed: Listed) -> None:
    """Let a segment count, in the place of whatever had its first offset."""
    connection.execute(_LIST_SEGMENT, listed)


def unlist_segments(connection: sqlite3.Connection, through: int) -> None:
    """Let the segments that begin at or before an offset no longer count."""
    connection.execute(_UNLIST_SEGMENTS, (through,))


def names(connection: sqlite3.Connection) -> set[str]:
    """Return the names of all segments that count."""
    return {str(row[0]) for row in connection.execute(_NAMES)}


def packed_through(connection: sqlite3.Connection) -> int:
    """Return the offset through which everything is packed, 0 when nothing is."""
    row = connection.execute(_PACKED_THROUGH).fetchone()
    return int(row[0]) if row else 0


class Reading:
    """Reads packed records, and keeps the latest blocks in memory."""

    def __init__(self, shelf: Path) -> None:
        self._shelf = shelf
        self._lock = threading.Lock()
        self._segments: OrderedDict[str, Segment] = OrderedDict()
        self._blocks: OrderedDict[tuple[str, int], list[Group]] = OrderedDict()

    def groups(self, next_after: Callable[[int], Listed | None], after: int) -> Iterator[Group]:
        """Yield what segments hold, from the block with the offset after `after`.

        `next_after` names the segment with what comes after an offset; it is asked again when a segment was replaced
        or let go while it was read.

        Raises
        ------
        DamagedError
            When a segment that counts is missing or not what was written.

        """
        failed = ""
        while listed := next_after(after):
            try:
                segment = self._segment(listed.name)
                for number in range(max(0, segment.block_with(after + 1)), len(segment.index)):
                    for group in self._block(listed.name, segment, number):
                        yield group
                        after = max(after, group.first_offset + len(group.payloads) - 1)
            except (FileNotFoundError, DamagedError) as error:
                if failed == listed.name:
                    raise DamagedError(
                        said(
                            "log_records_damaged",
                            "The packed records in {file} are missing or damaged. Restore this file from a backup.",
                            file=listed.name,
                        )
                    ) from error
                failed = listed.name

    def _segment(self, name: str) -> Segment:
        with self._lock:
            if name not in self._segments:
                self._segments[name] = Segment(self._shelf / name)
                if len(self._segments) > SEGMENTS_KEPT:
                    self._segments.popitem(last=False)
            return self._segments[name]

    def _block(self, name: str, segment: Segment, number: int) -> list[Group]:
        with self._lock:
            found = self._blocks.get((name, number))
            if found is None:
                found = self._blocks[name, number] = segment.groups(number)
                if len(self._blocks) > BLOCKS_KEPT:
                    self._blocks.popitem(last=False)
            return found
