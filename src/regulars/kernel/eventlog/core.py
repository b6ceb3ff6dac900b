"""What happened, in order, for ever: the log that every other room reads.

A log has partitions, one per writing process (`web-0`, `web-1`, `worker`). Each record is one accepted request: opaque
bytes with the moment it was accepted. Offsets start at 1 and have no gaps. `append` returns only after the record is
durable; concurrent appends share one commit. Readers keep their own offsets, in the transaction of what they derive.
Old records may be packed; nobody who reads can tell, but for the room they take.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import msgspec

from regulars.kernel.clock import Clock
from regulars.kernel.errors import UnavailableError

SEGMENT_BYTES = 16 << 20


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


class Packed(msgspec.Struct, frozen=True, kw_only=True):
    """What one step of packing did: how many records, and how many bytes they took before and take now."""

    records: int
    bytes_before: int
    bytes_after: int


class LogSize(msgspec.Struct, frozen=True, kw_only=True):
    """The bytes of a partition on the disk: fresh records, what was just written, room for more, packed records.

    `packed_from` is how many bytes the packed records had before.
    """

    fresh: int = 0
    journal: int = 0
    free: int = 0
    packed: int = 0
    packed_from: int = 0

    @property
    def total(self) -> int:
        """All bytes on the disk."""
        return self.fresh + self.journal + self.free + self.packed


class LogPressure(msgspec.Struct, frozen=True, kw_only=True):
    """What waits to become durable: how many bytes, and since when the longest has waited.

    `is_busy` says that more is not taken in just now, `trouble` why the last try was refused by the disk.
    """

    bytes: int = 0
    waited_s: float = 0.0
    is_busy: bool = False
    trouble: str = ""


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

    def pressure(self) -> LogPressure:
        """Return what waits to become durable in this process's own partition."""
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
        """Put other payloads in the place of records: only for erasing a customer. `scrub` wipes the last trace."""
        ...

    def scrub(self, partition: str) -> None:
        """Leave no trace on the disk of records that were rewritten, trimmed or packed; senders may wait a moment."""
        ...

    def pack(
        self, partition: str, *, fresh_bytes: int, before_us: int = 0, segment_bytes: int = SEGMENT_BYTES
    ) -> Packed | None:
        """Pack the oldest records, one step's worth; return None when there is nothing to pack, or no way to.

        Parameters
        ----------
        partition
            Whose records.
        fresh_bytes
            The newest records stay as they are, up to so many bytes.
        before_us
            Records accepted before this moment are packed even so.
        segment_bytes
            How much makes a step; less is left alone. Old records are packed from a sixteenth of it.

        """
        ...

    def shrink(self, partition: str, *, free_bytes_max: int) -> int:
        """Give room back to the disk when more lies free; return how many bytes. Senders may wait a moment."""
        ...

    def size_of(self, partition: str) -> LogSize:
        """Return how many bytes a partition takes on the disk."""
        ...

    def bytes_of(self, partition: str) -> int:
        """Return all of them in one number."""
        ...

    def problems(self, partition: str) -> list[str]:
        """Return what is wrong with a partition on the disk, a sentence each; looks at files, not into every record."""
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
    from regulars.kernel.eventlog.sqlite import SqliteEventLog

    return SqliteEventLog(Path(folder), partition, clock=clock)


def offset_before(log: EventLog, partition: str, before_us: int, *, through: int | None = None) -> int:
    """Return the offset of the last record accepted before a moment, the log's start when there is none.

    Looks no further than `through`. Takes it that the clock was never set back by much.
    """
    start = log.start(partition)
    end = log.end(partition) if through is None else through

    def accepted_us(offset: int) -> int:
        found = log.read(partition, after=offset - 1, records_max=1)
        return found[0].accepted_us if found else before_us

    return start + bisect_left(range(start + 1, end + 1), before_us, key=accepted_us)
