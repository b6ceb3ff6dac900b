"""What a replay lays aside in the tables it fills: which news of our own the log told, and which the projections gave.

These tables live only as long as the filling; they never take the place of anything.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

from regulars.events.worker_store import offsets
from regulars.kernel.bulk import write_rows

__all__ = ["TABLES", "drop_tables", "lay_aside", "make_tables", "note_told", "offsets", "unknown_news"]

TABLES = ("replay_told", "replay_given")

_BLOBS = {"sqlite": "BLOB", "postgresql": "BYTEA"}
_MAKE_TOLD = "CREATE TABLE IF NOT EXISTS replay_told (message_key {blob} NOT NULL PRIMARY KEY)"
_MAKE_GIVEN = (
    "CREATE TABLE IF NOT EXISTS replay_given (message_key {blob} NOT NULL PRIMARY KEY, payload {blob} NOT NULL)"
)
_NOTE_TOLD = "INSERT INTO replay_told (message_key) VALUES (?) ON CONFLICT (message_key) DO NOTHING"
_LAY_ASIDE = "INSERT INTO replay_given (message_key, payload) VALUES (?, ?) ON CONFLICT (message_key) DO NOTHING"
# Which news was given that the log never told?
_UNKNOWN = text("""
SELECT payload FROM replay_given g WHERE NOT EXISTS
    (SELECT 1 FROM replay_told t WHERE t.message_key = g.message_key)""")


def make_tables(connection: Connection) -> None:
    """Make the tables, unless they are there."""
    for statement in (_MAKE_TOLD, _MAKE_GIVEN):
        connection.exec_driver_sql(statement.replace("{blob}", _BLOBS[connection.dialect.name]))


def drop_tables(connection: Connection) -> None:
    """Remove the tables."""
    for table in TABLES:
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {table}")


def note_told(connection: Connection, keys: Sequence[bytes]) -> None:
    """Remember which of our own news the log told."""
    write_rows(connection, _NOTE_TOLD, [(key,) for key in keys], "bytea")


def lay_aside(connection: Connection, given: Sequence[tuple[bytes, bytes]]) -> None:
    """Keep news that projections gave, each once: key and fact."""
    write_rows(connection, _LAY_ASIDE, list(given), "bytea bytea")


def unknown_news(connection: Connection) -> list[bytes]:
    """Return the facts that were given and never told."""
    return [bytes(row[0]) for row in connection.execute(_UNKNOWN)]
