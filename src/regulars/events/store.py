"""What the events room asks the database: which sources there are, and how much came through which."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

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
        ),
    ),
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
