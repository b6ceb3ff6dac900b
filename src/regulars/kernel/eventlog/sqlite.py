"""The log on one box: a SQLite file per partition, one row per commit.

One thread owns the file that this process appends to. It takes whatever has queued while the last commit was being made
durable and writes it as one row in one statement, so the cost of `fsync` is shared by all who wait for it. Checkpoints
are made by another thread, off the way of those who wait. Readers hold connections of their own and never block.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

from regulars.kernel.clock import Clock, SystemClock
from regulars.kernel.errors import InvalidError, UnavailableError
from regulars.kernel.eventlog.core import SEGMENT_BYTES, LogPressure, LogSize, Packed, Record
from regulars.kernel.eventlog.file import PartitionFile, partition_names, partition_path
from regulars.kernel.eventlog.keeper import Keeper
from regulars.kernel.eventlog.writer import PartitionWriter
from regulars.kernel.sayings import said


class SqliteEventLog:
    """`EventLog` on SQLite; see `regulars.kernel.eventlog.open_log`."""

    def __init__(self, folder: Path, partition: str | None = None, *, clock: Clock | None = None) -> None:
        self._folder = folder
        self._files: dict[str, PartitionFile] = {}
        self._writer: PartitionWriter | None = None
        self.partition = partition
        folder.mkdir(parents=True, exist_ok=True)
        if partition is not None:
            self._writer = PartitionWriter(partition_path(folder, partition), clock or SystemClock())

    async def append(self, payload: bytes) -> int:
        """Make one record durable and return its offset in this process's own partition."""
        return await self._own_writer().append(payload)

    def append_soon(self, payload: bytes) -> None:
        """Queue a record and do not wait; it is lost when the disk is full or the machine dies this instant."""
        self._own_writer().append_soon(payload)

    def append_many(self, payloads: Sequence[bytes]) -> list[int]:
        """Make records durable in one commit and return their offsets; for callers without an event loop."""
        return self._own_writer().append_many(payloads) if payloads else []

    def pressure(self) -> LogPressure:
        """Return what waits to become durable in this process's own partition."""
        return self._writer.pressure() if self._writer is not None else LogPressure()

    def partitions(self) -> list[str]:
        """Return the names of all partitions, sorted."""
        return partition_names(self._folder)

    def read(self, partition: str, *, after: int, records_max: int) -> list[Record]:
        """Return up to `records_max` records with an offset above `after`, in order."""
        found = self._file(partition)
        return found.read(after, records_max) if found else []

    def end(self, partition: str) -> int:
        """Return the offset of the last durable record, 0 when there is none."""
        found = self._file(partition)
        return found.end() if found else 0

    def start(self, partition: str) -> int:
        """Return the offset before the oldest record kept, 0 when nothing was ever trimmed."""
        found = self._file(partition)
        return found.start() if found else 0

    def trim(self, partition: str, *, through: int) -> int:
        """Forget records up to and including `through`; return how many went. Callers keep the consumers' floor."""
        keeper = self._keeper(partition)
        return keeper.trim(through) if keeper else 0

    def rewrite(self, partition: str, payloads: Mapping[int, bytes]) -> None:
        """Put other payloads in the place of records: only for erasing a customer. `scrub` wipes the last trace."""
        keeper = self._keeper(partition)
        if keeper is None:
            raise InvalidError(f"There is no partition {partition!r}.")
        keeper.rewrite(payloads)

    def scrub(self, partition: str) -> None:
        """Leave no trace on the disk of records that were rewritten, trimmed or packed; senders may wait a moment."""
        keeper = self._keeper(partition)
        if keeper is not None:
            keeper.scrub()

    def pack(
        self, partition: str, *, fresh_bytes: int, before_us: int = 0, segment_bytes: int = SEGMENT_BYTES
    ) -> Packed | None:
        """Pack the oldest records, one segment's worth; return None when there is nothing to pack."""
        keeper = self._keeper(partition)
        if keeper is None:
            return None
        return keeper.pack(fresh_bytes=fresh_bytes, before_us=before_us, segment_bytes=segment_bytes)

    def shrink(self, partition: str, *, free_bytes_max: int) -> int:
        """Give room back to the disk when more lies free; return how many bytes. Senders may wait a moment."""
        keeper = self._keeper(partition)
        return keeper.shrink(free_bytes_max) if keeper else 0

    def size_of(self, partition: str) -> LogSize:
        """Return how many bytes a partition takes on the disk."""
        found = self._file(partition)
        return found.size() if found else LogSize()

    def bytes_of(self, partition: str) -> int:
        """Return all of them in one number."""
        return self.size_of(partition).total

    def problems(self, partition: str) -> list[str]:
        """Return what is wrong with a partition's files, a sentence each; looks at them, not into every record."""
        found = self._file(partition)
        return found.problems() if found else []

    def close(self) -> None:
        """Finish what is being appended, then let go of every file."""
        if self._writer is not None:
            self._writer.close()
        for opened in self._files.values():
            opened.close()
        self._files.clear()

    def _own_writer(self) -> PartitionWriter:
        if self._writer is None:
            raise InvalidError("This log was opened to read. Open it with a partition to append to it.")
        return self._writer

    def _keeper(self, partition: str) -> Keeper | None:
        path = partition_path(self._folder, partition)
        return Keeper(path) if path.exists() else None

    def _file(self, partition: str) -> PartitionFile | None:
        opened = self._files.get(partition)
        if opened is not None:
            return opened
        path = partition_path(self._folder, partition)
        if not path.exists():
            return None
        try:
            opened = PartitionFile(path, partition)
        except sqlite3.Error as error:
            raise UnavailableError(
                said(
                    "log_not_opened",
                    "Partition {partition!r} of the log cannot be opened: {why}.",
                    partition=partition,
                    why=str(error),
                )
            ) from error
        return self._files.setdefault(partition, opened)
