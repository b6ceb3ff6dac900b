"""What a replay does: counts a span of history, writes it to a file, or puts back what history lacks of it.

Only what may be replayed any number of times is offered. Counters, profiles and everything else that adds up is made
anew as a whole (`shop.rebuild`) or for one customer (`shop.recompute`). Nothing is ever sent.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol  # Any: an event or its outline

import msgspec

from regulars.app.replay.core import Gone, ReplayReport, Span, SpanCount
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

    def __init__(self, counts: Sequence[SpanCount] = ()) -> None:
        self.counts: Counter[tuple[str, str]] = Counter({(one.name, one.source_id): one.events for one in counts})

    def take(self, events: Sequence[Any]) -> int:  # Any: as above
        """Count."""
        self.counts.update([(event.name, event.source_id) for event in events])
        return len(events)

    def told(self) -> list[SpanCount]:
        """Return the counts, the largest first."""
        rows = sorted(self.counts.items(), key=lambda row: (-row[1], row[0]))
        return [SpanCount(name=name, source_id=source_id, events=events) for (name, source_id), events in rows]


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

    def __init__(self, target: Any) -> None:  # Any: a path, or whatever takes bytes
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


def replay(
    shop: Shop,
    span: Span,
    into: Replayable,
    told: OnProgress,
    *,
    name: str,
    gone_before: Gone | None = None,
    keep: Callable[[Gone], None] = lambda _: None,
) -> ReplayReport:
    """Read a span into something that may be replayed; return what became of it.

    Parameters
    ----------
    gone_before
        How far an earlier sitting came; what `into` held then, it holds again.
    keep
        Hears how far it is after each part, before `told`: what that raises ends the sitting.

    """
    gone = gone_before or Gone()
    reading = Reading(shop, span, into.wants, reached=gone.reached, until=gone.until)
    gone = msgspec.structs.replace(gone, until=reading.until, total=gone.total or reading.records)
    before_s, began_s = gone.seconds, time.monotonic()
    with closing(reading.parts()) as parts:
        for part in parts:
            taken = into.take(part.events)
            gone = msgspec.structs.replace(
                gone,
                reached=dict(reading.reached),
                records=gone.records + part.records,
                read=gone.read + part.read,
                events=gone.events + len(part.events),
                taken=gone.taken + taken,
                from_history=gone.from_history + (len(part.events) if part.is_history else 0),
                seconds=before_s + time.monotonic() - began_s,
            )
            keep(gone)
            told(min(gone.records, gone.total), gone.total, f"{gone.events_per_s:,.0f} events/s")
    gone = msgspec.structs.replace(gone, seconds=before_s + time.monotonic() - began_s)
    return ReplayReport(
        into=name,
        read=gone.read,
        events=gone.events,
        taken=gone.taken,
        from_history=gone.from_history,
        seconds=round(gone.seconds, 3),
        events_per_s=round(gone.events_per_s, 1),
    )


def count(shop: Shop, span: Span, told: OnProgress) -> ReplayReport:
    """Count a span by name and source."""
    counting = Counting()
    report = replay(shop, span, counting, told, name="counts")
    return msgspec.structs.replace(report, counts=counting.told()[:COUNTS_TOLD_MAX])


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
