"""What the events room asks the database about replaced write keys, and about what a source may do beside sending."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, text

from regulars.kernel.database import Migration
from regulars.kernel.ids import SourceId

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        "keys",
        1,
        (
            # Which keys did a source have before, and until when do they open?
            """
            CREATE TABLE events_old_keys (
                write_key TEXT PRIMARY KEY, source_id TEXT NOT NULL, replaced_us BIGINT NOT NULL,
                until_us BIGINT NOT NULL)""",
            # How much still comes with one of them?
            """
            CREATE TABLE events_old_key_counts (
                hour BIGINT NOT NULL, source_id TEXT NOT NULL, count BIGINT NOT NULL, last_us BIGINT NOT NULL,
                PRIMARY KEY (hour, source_id))""",
            # Which sources may keep a visitor's id in a cookie?
            "CREATE TABLE events_cookie_sources (source_id TEXT PRIMARY KEY)",
        ),
    ),
)
DERIVED_TABLES: tuple[str, ...] = ("events_old_key_counts",)


class OldKeyRow(msgspec.Struct, frozen=True, kw_only=True):
    """A write key that was replaced: it opens until then."""

    write_key: str
    source_id: SourceId
    replaced_us: int
    until_us: int


# Which keys were replaced, the latest last?
OLD_KEYS = """
SELECT write_key, source_id, replaced_us, until_us FROM events_old_keys ORDER BY replaced_us, write_key"""
ADD_OLD_KEY = """
INSERT INTO events_old_keys (write_key, source_id, replaced_us, until_us)
VALUES (:write_key, :source_id, :replaced_us, :until_us)"""
END_OLD_KEYS = """
UPDATE events_old_keys SET until_us = :now_us WHERE source_id = :source_id AND until_us > :now_us"""
ADD_OLD_KEY_COUNT = """
INSERT INTO events_old_key_counts (hour, source_id, count, last_us) VALUES (:hour, :source_id, :count, :last_us)
ON CONFLICT (hour, source_id) DO UPDATE SET count = events_old_key_counts.count + excluded.count,
    last_us = CASE WHEN excluded.last_us > events_old_key_counts.last_us
    THEN excluded.last_us ELSE events_old_key_counts.last_us END"""
# How much came with keys that were replaced since :hour, and when last?
OLD_KEY_COUNTS = """
SELECT source_id, SUM(count) AS events, MAX(last_us) AS last_us FROM events_old_key_counts
WHERE hour >= :hour GROUP BY source_id"""
FORGET_OLD_KEY_COUNTS = "DELETE FROM events_old_key_counts WHERE hour < :hour"
# Which sources may keep a visitor's id in a cookie?
COOKIE_SOURCES = "SELECT source_id FROM events_cookie_sources"
ADD_COOKIE_SOURCE = """
INSERT INTO events_cookie_sources (source_id) VALUES (:source_id) ON CONFLICT (source_id) DO NOTHING"""
REMOVE_COOKIE_SOURCE = "DELETE FROM events_cookie_sources WHERE source_id = :source_id"


def old_keys(connection: Connection) -> list[OldKeyRow]:
    """Return every key that was replaced, the latest last."""
    return [
        OldKeyRow(
            write_key=row.write_key,
            source_id=SourceId(row.source_id),
            replaced_us=row.replaced_us,
            until_us=row.until_us,
        )
        for row in connection.execute(text(OLD_KEYS))
    ]


def add_old_key(connection: Connection, row: OldKeyRow) -> None:
    """Keep a key that was replaced."""
    connection.execute(text(ADD_OLD_KEY), msgspec.structs.asdict(row))


def end_old_keys(connection: Connection, source_id: SourceId, now_us: int) -> int:
    """Let a source's replaced keys open nothing from now on; return how many still did."""
    return connection.execute(text(END_OLD_KEYS), {"source_id": source_id, "now_us": now_us}).rowcount


def add_old_key_counts(connection: Connection, rows: Sequence[tuple[int, str, int, int]]) -> None:
    """Add to how much came with replaced keys: hour, source, how many, when last."""
    names = ("hour", "source_id", "count", "last_us")
    if rows:
        connection.execute(text(ADD_OLD_KEY_COUNT), [dict(zip(names, row, strict=True)) for row in rows])


def old_key_counts(connection: Connection, since_hour: int) -> dict[str, tuple[int, int]]:
    """Return how many events came with a source's replaced keys since an hour, and when the last did."""
    rows = connection.execute(text(OLD_KEY_COUNTS), {"hour": since_hour})
    return {row.source_id: (int(row.events), row.last_us) for row in rows}


def forget_old_key_counts(connection: Connection, before_hour: int) -> int:
    """Forget counts older than an hour; return how many rows went."""
    return connection.execute(text(FORGET_OLD_KEY_COUNTS), {"hour": before_hour}).rowcount


def cookie_sources(connection: Connection) -> set[str]:
    """Return the sources that may keep a visitor's id in a cookie."""
    return {row.source_id for row in connection.execute(text(COOKIE_SOURCES))}


def set_cookie_source(connection: Connection, source_id: SourceId, *, may: bool) -> None:
    """Let a source keep visitors' ids in a cookie, or not."""
    connection.execute(text(ADD_COOKIE_SOURCE if may else REMOVE_COOKIE_SOURCE), {"source_id": source_id})
