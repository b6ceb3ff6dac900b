"""What the events room asks the database: which sources there are, and how much came through which."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, text

from regulars.events import counts_store, keys_store
from regulars.events.core import SourceRow
from regulars.kernel.database import Migration
from regulars.kernel.ids import SourceId

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        "events",
        1,
        (
            """
            CREATE TABLE events_sources (
                source_id TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, write_key TEXT NOT NULL UNIQUE,
                enabled INTEGER NOT NULL, created_us BIGINT NOT NULL)""",
            """
            CREATE TABLE events_activity (
                source_id TEXT PRIMARY KEY, last_event_us BIGINT NOT NULL)""",
            """
            CREATE TABLE events_counts (
                minute BIGINT NOT NULL, source_id TEXT NOT NULL, name TEXT NOT NULL, outcome TEXT NOT NULL,
                count BIGINT NOT NULL, PRIMARY KEY (minute, source_id, name, outcome))""",
            # Which items of a record had come before? `items` is a JSON list of their indexes.
            """
            CREATE TABLE events_duplicates (
                partition TEXT NOT NULL, record_offset BIGINT NOT NULL, received_us BIGINT NOT NULL,
                items TEXT NOT NULL, PRIMARY KEY (partition, record_offset))""",
            "CREATE INDEX events_duplicates_by_age ON events_duplicates (received_us)",
        ),
    ),
    *counts_store.MIGRATIONS,
    *keys_store.MIGRATIONS,
)
DERIVED_TABLES: tuple[str, ...] = (
    "events_activity",
    "events_counts",
    "events_duplicates",
    *counts_store.DERIVED_TABLES,
    *keys_store.DERIVED_TABLES,
)

# Which sources are there, oldest first?
SOURCES = """
SELECT source_id, name, kind, write_key, enabled, created_us FROM events_sources ORDER BY created_us, source_id"""
# Which source is this?
SOURCE = """
SELECT source_id, name, kind, write_key, enabled, created_us FROM events_sources WHERE source_id = :source_id"""
ADD_SOURCE = """
INSERT INTO events_sources (source_id, name, kind, write_key, enabled, created_us)
VALUES (:source_id, :name, :kind, :write_key, :enabled, :created_us)"""
CHANGE_SOURCE = """
UPDATE events_sources SET name = :name, write_key = :write_key, enabled = :enabled WHERE source_id = :source_id"""
# When did each source last send something?
ACTIVITY = "SELECT source_id, last_event_us FROM events_activity"
NOTE_ACTIVITY = """
INSERT INTO events_activity (source_id, last_event_us) VALUES (:source_id, :last_event_us)
ON CONFLICT (source_id) DO UPDATE SET last_event_us =
    CASE WHEN excluded.last_event_us > events_activity.last_event_us
    THEN excluded.last_event_us ELSE events_activity.last_event_us END"""
ADD_COUNT = """
INSERT INTO events_counts (minute, source_id, name, outcome, count)
VALUES (:minute, :source_id, :name, :outcome, :count)
ON CONFLICT (minute, source_id, name, outcome) DO UPDATE SET count = events_counts.count + excluded.count"""
# How many events did each source bring since :minute?
EVENTS_BY_SOURCE = """
SELECT source_id, SUM(count) AS events FROM events_counts
WHERE minute >= :minute AND outcome IN ('accepted', 'corrected') GROUP BY source_id"""
# How much came in each minute through each source, since :minute?
BY_MINUTE = """
SELECT minute, source_id, SUM(count) AS events FROM events_counts
WHERE minute >= :minute AND outcome IN ('accepted', 'corrected') GROUP BY minute, source_id
ORDER BY minute, source_id"""
# What became of everything that our customers' shops sent since :minute?
BY_OUTCOME = """
SELECT outcome, SUM(count) AS events FROM events_counts
WHERE minute >= :minute AND source_id <> :own GROUP BY outcome ORDER BY outcome"""
# What happened most since :minute?
BY_NAME = """
SELECT name, SUM(count) AS events FROM events_counts
WHERE minute >= :minute AND outcome IN ('accepted', 'corrected') AND source_id <> :own
GROUP BY name ORDER BY SUM(count) DESC, name LIMIT :rows"""
FORGET_COUNTS = "DELETE FROM events_counts WHERE minute < :minute"
NOTE_DUPLICATES = """
INSERT INTO events_duplicates (partition, record_offset, received_us, items)
VALUES (:partition, :record_offset, :received_us, :items)
ON CONFLICT (partition, record_offset) DO UPDATE SET items = excluded.items"""
# Which items of these records had come before?
DUPLICATES = """
SELECT record_offset, items FROM events_duplicates
WHERE partition = :partition AND record_offset BETWEEN :first AND :last"""
FORGET_DUPLICATES = "DELETE FROM events_duplicates WHERE received_us < :received_us"


def sources(connection: Connection) -> list[SourceRow]:
    """Return every source, oldest first."""
    return [_source(row) for row in connection.execute(text(SOURCES))]


def source(connection: Connection, source_id: SourceId) -> SourceRow | None:
    """Return one source, None when there is no such."""
    row = connection.execute(text(SOURCE), {"source_id": source_id}).first()
    return _source(row) if row else None


def add_source(connection: Connection, row: SourceRow) -> None:
    """Keep a new source."""
    connection.execute(text(ADD_SOURCE), _values(row))


def change_source(connection: Connection, row: SourceRow) -> None:
    """Keep a source's new name, key and whether it is open."""
    connection.execute(text(CHANGE_SOURCE), _values(row))


def activity(connection: Connection) -> dict[str, int]:
    """Return when each source last sent something, microseconds since 1970."""
    return {row.source_id: row.last_event_us for row in connection.execute(text(ACTIVITY))}


def note_activity(connection: Connection, last_event_us: dict[str, int]) -> None:
    """Keep when sources last sent something; an earlier moment changes nothing."""
    rows = [{"source_id": name, "last_event_us": at_us} for name, at_us in sorted(last_event_us.items())]
    if rows:
        connection.execute(text(NOTE_ACTIVITY), rows)


def events_by_source(connection: Connection, since_minute: int) -> dict[str, int]:
    """Return how many events each source brought since a minute."""
    rows = connection.execute(text(EVENTS_BY_SOURCE), {"minute": since_minute})
    return {row.source_id: int(row.events) for row in rows}


def add_counts(connection: Connection, counts: Sequence[tuple[int, str, str, str, int]]) -> None:
    """Add to the counts: minute, source, name, outcome, how many."""
    names = ("minute", "source_id", "name", "outcome", "count")
    if counts:
        connection.execute(text(ADD_COUNT), [dict(zip(names, row, strict=True)) for row in counts])


def by_minute(connection: Connection, since_minute: int) -> list[tuple[int, str, int]]:
    """Return minute, source and how many events came, in order of time."""
    rows = connection.execute(text(BY_MINUTE), {"minute": since_minute})
    return [(row.minute, row.source_id, int(row.events)) for row in rows]


def by_outcome(connection: Connection, since_minute: int, own: SourceId) -> dict[str, int]:
    """Return how many events met each outcome."""
    rows = connection.execute(text(BY_OUTCOME), {"minute": since_minute, "own": own})
    return {row.outcome: int(row.events) for row in rows}


def by_name(connection: Connection, since_minute: int, own: SourceId, rows_max: int) -> list[tuple[str, int]]:
    """Return the most frequent events, most frequent first."""
    rows = connection.execute(text(BY_NAME), {"minute": since_minute, "own": own, "rows": rows_max})
    return [(row.name, int(row.events)) for row in rows]


def forget_counts(connection: Connection, before_minute: int) -> int:
    """Forget counts older than a minute; return how many rows went."""
    gone = connection.execute(text(FORGET_COUNTS), {"minute": before_minute}).rowcount
    return gone + counts_store.forget(connection, before_minute)


def note_duplicates(connection: Connection, rows: Sequence[tuple[str, int, int, list[int]]]) -> None:
    """Keep which items of which records had come before: partition, offset, received, indexes."""
    names = ("partition", "record_offset", "received_us", "items")
    if rows:
        values = [(*row[:3], msgspec.json.encode(row[3]).decode()) for row in rows]
        connection.execute(text(NOTE_DUPLICATES), [dict(zip(names, row, strict=True)) for row in values])


def duplicates(connection: Connection, partition: str, first: int, last: int) -> dict[int, list[int]]:
    """Return the indexes of items that had come before, by the offset of their record."""
    rows = connection.execute(text(DUPLICATES), {"partition": partition, "first": first, "last": last})
    return {row.record_offset: msgspec.json.decode(row.items, type=list[int]) for row in rows}


def forget_duplicates(connection: Connection, before_us: int) -> int:
    """Forget duplicates received before a moment; return how many rows went."""
    return connection.execute(text(FORGET_DUPLICATES), {"received_us": before_us}).rowcount


def _source(row: object) -> SourceRow:
    values = row._mapping  # type: ignore[attr-defined]  # every SQLAlchemy Row has it
    return SourceRow(
        source_id=SourceId(values["source_id"]),
        name=values["name"],
        kind=values["kind"],
        write_key=values["write_key"],
        enabled=bool(values["enabled"]),
        created_us=values["created_us"],
    )


def _values(row: SourceRow) -> dict[str, object]:
    return {
        "source_id": row.source_id,
        "name": row.name,
        "kind": row.kind,
        "write_key": row.write_key,
        "enabled": int(row.enabled),
        "created_us": row.created_us,
    }
