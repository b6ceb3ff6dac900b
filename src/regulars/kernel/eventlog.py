"""What happened, in order, for ever: the log that every other room reads.

A log has partitions, one per writing process (`web-0`, `web-1`, `worker`). Each record is one accepted request: opaque
bytes with the moment it was accepted. Offsets start at 1 and have no gaps. `append` returns only after the record is
durable; concurrent appends share one commit. Readers keep their own offsets, in the transaction of what they derive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import msgspec

from regulars.kernel.clock import Clock
from regulars.kernel.errors import UnavailableError


class LogBusyError(UnavailableError):
    """More arrives than the disk can take. Senders who are told so come back without giving up."""

    kind = "busy"
    title = "Too much at once"


class Record(msgspec.Struct, frozen=True, array_like=True):
    """One accepted request.

    `partition` and `offset` name its place; `accepted_us` is when it was made durable (microseconds since 1970).
    """

    partition: str
    offset: int
    accepted_us: int
    payload: bytes


@runtime_checkable
class EventLog(Protocol):
    """Append-only, durable, replayable. One process may append to a partition; any number may read."""

    async def append(self, payload: bytes) -> int:
        """Make one record durable and return its offset in this process's own partition.

        Raises
        ------
        DiskFullError
            When the record could not be made durable; nothing of it remains.

        """
        ...

    def append_soon(self, payload: bytes) -> None:
        """Queue a record and do not wait; it is lost when the disk is full or the machine dies this instant."""
        ...

    def append_many(self, payloads: Sequence[bytes]) -> list[int]:
        """Make records durable in one commit and return their offsets; for callers without an event loop."""
        ...

    def partitions(self) -> list[str]:
        """Return the names of all partitions, sorted."""
        ...

    def read(self, partition: str, *, after: int, records_max: int) -> list[Record]:
        """Return up to `records_max` records with an offset above `after`, in order."""
        ...

    def end(self, partition: str) -> int:
        """Return the offset of the last durable record, 0 when there is none."""
        ...

    def start(self, partition: str) -> int:
        """Return the offset before the oldest record kept, 0 when nothing was ever trimmed."""
        ...

    def trim(self, partition: str, *, through: int) -> int:
        """Forget records up to and including `through`; return how many went. Callers keep the consumers' floor."""
        ...

    def rewrite(self, partition: str, payloads: Mapping[int, bytes]) -> None:
        """Put other payloads in the place of records, leaving no trace of the old ones: only for erasing a customer."""
        ...

    def bytes_of(self, partition: str) -> int:
        """Return how many bytes a partition takes on the disk."""
        ...

    def close(self) -> None:
        """Finish what is being appended, then let go of every file."""
        ...


def open_log(folder: Path | str, partition: str | None = None, *, clock: Clock | None = None) -> EventLog:
    """Open the log in a folder; with a partition also to append to it, which one process may do at a time.

    Raises
    ------
    ConflictError
        When another process appends to this partition.

    """
    from regulars.kernel.eventlog_sqlite import SqliteEventLog

    return SqliteEventLog(Path(folder), partition, clock=clock)
