"""Which experiments are there, and who is held out of all?"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, text

from regulars.experiments.core import Experiment, Holdout
from regulars.kernel.database import Migration

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        "experiments",
        1,
        (
            """CREATE TABLE experiments_definitions (
                key TEXT PRIMARY KEY, body {json} NOT NULL, updated_us BIGINT NOT NULL)""",
            """CREATE TABLE experiments_holdouts (
                place INTEGER PRIMARY KEY CHECK (place = 1), body {json} NOT NULL, updated_us BIGINT NOT NULL)""",
        ),
    ),
)
DERIVED_TABLES: tuple[str, ...] = ()

# Which experiments are there?
_ALL = text("SELECT body FROM experiments_definitions ORDER BY key")
_PUT = text(
    "INSERT INTO experiments_definitions (key, body, updated_us) VALUES (:key, :body, :updated_us) "
    "ON CONFLICT (key) DO UPDATE SET body = excluded.body, updated_us = excluded.updated_us"
)
_REMOVE = text("DELETE FROM experiments_definitions WHERE key = :key")
# Who is held out of all?
_HOLDOUT = text("SELECT body FROM experiments_holdouts WHERE place = 1")
_PUT_HOLDOUT = text(
    "INSERT INTO experiments_holdouts (place, body, updated_us) VALUES (1, :body, :updated_us) "
    "ON CONFLICT (place) DO UPDATE SET body = excluded.body, updated_us = excluded.updated_us"
)


def all_experiments(connection: Connection) -> dict[str, Experiment]:
    """Return every experiment by its key, in the order of keys."""
    bodies = connection.execute(_ALL).scalars()
    return {found.key: found for found in (msgspec.json.decode(body, type=Experiment) for body in bodies)}


def put(connection: Connection, experiment: Experiment, now_us: int) -> None:
    """Keep an experiment, in place of the one with its key."""
    body = msgspec.json.encode(experiment).decode()
    connection.execute(_PUT, {"key": experiment.key, "body": body, "updated_us": now_us})


def remove(connection: Connection, key: str) -> bool:
    """Drop an experiment; False when there was none."""
    return connection.execute(_REMOVE, {"key": key}).rowcount == 1


def holdout(connection: Connection) -> Holdout:
    """Return who is held out of all; nobody when nobody said so."""
    body = connection.execute(_HOLDOUT).scalar()
    return Holdout() if body is None else msgspec.json.decode(body, type=Holdout)


def put_holdout(connection: Connection, changed: Holdout, now_us: int) -> None:
    """Keep who is held out of all."""
    connection.execute(_PUT_HOLDOUT, {"body": msgspec.json.encode(changed).decode(), "updated_us": now_us})
