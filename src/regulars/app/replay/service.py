"""What a replay does: counts a span of history, writes it to a file, or puts back what history lacks of it.

Only what may be replayed any number of times is offered. Counters, profiles and everything else that adds up is made
anew as a whole (`shop.rebuild`) or for one customer (`shop.recompute`). Nothing is ever sent.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol  # Any: an event or its outline

import msgspec

from regulars.app.replay.core import NameCount, ReplayReport, Span
from regulars.app.replay.reading import OnProgress, Reading, Wants
from regulars.events.core import Event
from regulars.events.lake_projection import row_of
from regulars.kernel.errors import ConflictError, InvalidError
from regulars.lake import LakeRow

if TYPE_CHECKING:
    import pyarrow as pa

    from regulars.app.shop import Shop

COUNTS_TOLD_MAX = 200


class Replayable(Protocol):
    """A reading of history that may be done any number of times with the same result."""

    wants: Wants

    def take(self, events: Sequence[Any]) -> int:  # Any: what it wants, `Event` or `Outline`
        """Take some of the span in, in order, and return how many made a difference."""
        ...


class Counting:
    """How often did what happen, through which source? Needs outlines only."""

    wants: Wants = "outlines"

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()

    def take(self, events: Sequence[Any]) -> int:  # Any: as above
        """Count."""
        self.counts.update([(event.name, event.source_id) for event in events])
        return len(events)


class Lines:
    """Every event as a line of JSON."""

    wants: Wants = "events"

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._encode = msgspec.json.Encoder().encode

    def take(self, events: Sequence[Event]) -> int:
        """Write."""
        self._file.writelines(self._encode(event) + b"\n" for event in events)
        return len(events)


class Columns:
    """Every event as a row of Parquet, with the columns of history."""

    wants: Wants = "events"

    def __init__(self, target: Path) -> None:
        import pyarrow.parquet as pq

        from regulars.lake import parquet

        self._table_of = parquet.table_of
        self._writer = pq.ParquetWriter(target, parquet.schema(), compression="zstd")

    def take(self, events: Sequence[Event]) -> int:
        """Write."""
        table: pa.Table = self._table_of([row_of(event) for event in events])
        self._writer.write_table(table)
        return len(events)

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()


class Mending:
    """What history lacks of the span is put back into it; what is there stays as it is."""

    wants: Wants = "events"

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def take(self, events: Sequence[Event]) -> int:
        """Stage what is missing."""
        if not events:
            return 0
        table = self._shop.lake.events()
        ids = [event.event_id for event in events]
        found = self._shop.lake.query(table.filter(table.event_id.isin(ids)).select("event_id"))
        there = set(found.column("event_id").to_pylist())
        missing: list[LakeRow] = [row_of(event) for event in events if event.event_id not in there]
        if missing:
            with self._shop.database.write() as connection:
                self._shop.lake.stage(connection, missing, self._shop.clock.now_us())
        return len(missing)


def replay(shop: Shop, span: Span, into: Replayable, told: OnProgress, *, name: str) -> ReplayReport:
    """Read a span into something that may be replayed; return what became of it."""
    reading = Reading(shop, span, into.wants)
    began_s = time.monotonic()
    read = events = taken = history = records = 0
    for part in reading.parts():
        read += part.read
        records += part.records
        events += len(part.events)
        history += len(part.events) if part.is_history else 0
        taken += into.take(part.events)
        seconds = time.monotonic() - began_s
        told(min(records, reading.records), reading.records, f"{read / seconds if seconds else 0:,.0f} events/s")
    seconds = time.monotonic() - began_s
    return ReplayReport(
        into=name,
        read=read,
        events=events,
        taken=taken,
        from_history=history,
        seconds=round(seconds, 3),
        events_per_s=round(read / seconds, 1) if seconds else 0.0,
    )


def count(shop: Shop, span: Span, told: OnProgress) -> ReplayReport:
    """Count a span by name and source."""
    counting = Counting()
    report = replay(shop, span, counting, told, name="counts")
    rows = sorted(counting.counts.items(), key=lambda row: (-row[1], row[0]))
    return msgspec.structs.replace(
        report,
        counts=[NameCount(name=name, source_id=of, events=many) for (name, of), many in rows[:COUNTS_TOLD_MAX]],
    )


def write(shop: Shop, span: Span, target: Path, told: OnProgress) -> ReplayReport:
    """Write a span to a file that is not there yet: `.jsonl` or `.parquet`.

    Raises
    ------
    ConflictError
        When the file is there.
    InvalidError
        When its name promises neither.

    """
    if target.exists():
        raise ConflictError(f"{str(target)!r} is there already. Give another name, or remove it first.")
    if target.suffix == ".parquet":
        columns = Columns(target)
        try:
            report = replay(shop, span, columns, told, name="file")
        finally:
            columns.close()
    elif target.suffix == ".jsonl":
        with target.open("xb") as file:
            target.chmod(0o600)
            report = replay(shop, span, Lines(file), told, name="file")
    else:
        raise InvalidError(f"A span is written as .jsonl or .parquet, got {target.name!r}.")
    target.chmod(0o600)
    return msgspec.structs.replace(report, place=str(target))


def mend(shop: Shop, span: Span, told: OnProgress) -> ReplayReport:
    """Put back into history what it lacks of a span."""
    return replay(shop, span, Mending(shop), told, name="lake")
