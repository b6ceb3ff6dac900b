"""The rows of `erasures_…`: who was forgotten and when, by hashes, and the salt they were made with."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, text

from regulars.app.erasures.core import Erasure
from regulars.kernel.database import Migration

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        "erasures",
        1,
        (
            """CREATE TABLE erasures_done (
                erasure_id TEXT NOT NULL PRIMARY KEY, at_us BIGINT NOT NULL, body {json} NOT NULL)""",
            "CREATE INDEX erasures_done_by_time ON erasures_done (at_us)",
            # One row, made with the first erasure.
            """CREATE TABLE erasures_salt (
                place INTEGER NOT NULL PRIMARY KEY CHECK (place = 1), salt TEXT NOT NULL)""",
        ),
    ),
)
DERIVED_TABLES: tuple[str, ...] = ()

_ADD = text("""
INSERT INTO erasures_done (erasure_id, at_us, body) VALUES (:erasure_id, :at_us, :body)
ON CONFLICT (erasure_id) DO UPDATE SET body = excluded.body""")
# Who was forgotten since :at_us?
_SINCE = text("SELECT body FROM erasures_done WHERE at_us >= :at_us ORDER BY at_us, erasure_id")
_SALT = text("SELECT salt FROM erasures_salt WHERE place = 1")
_SET_SALT = text("INSERT INTO erasures_salt (place, salt) VALUES (1, :salt) ON CONFLICT (place) DO NOTHING")


def add(connection: Connection, erasure: Erasure) -> None:
    """Remember that somebody was forgotten."""
    body = msgspec.json.encode(erasure).decode()
    connection.execute(_ADD, {"erasure_id": erasure.erasure_id, "at_us": erasure.at_us, "body": body})


def since(connection: Connection, at_us: int) -> list[Erasure]:
    """Return who was forgotten since a moment, in order."""
    rows = connection.execute(_SINCE, {"at_us": at_us}).scalars()
    return [msgspec.json.decode(row, type=Erasure) for row in rows]


def salt(connection: Connection, fresh: str) -> str:
    """Return the shop's salt; the one given becomes it when there is none."""
    connection.execute(_SET_SALT, {"salt": fresh})
    return str(connection.execute(_SALT).scalar_one())
