"""What the events room asks of its counts by reason: how much, why, when and since ever."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple  # Any: SQLAlchemy's Row, generic over the columns

from sqlalchemy import Connection, Row, text

from regulars.kernel.bulk import write_rows
from regulars.kernel.database import Migration

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        "reasons",
        1,
        (
            # `events` adds up to what came: each event stands under its first reason. `also` counts those that had
            # this reason besides.
            """
            CREATE TABLE events_reasons (
                minute BIGINT NOT NULL, source_id TEXT NOT NULL, name TEXT NOT NULL, outcome TEXT NOT NULL,
                reason TEXT NOT NULL, events BIGINT NOT NULL, also BIGINT NOT NULL,
                PRIMARY KEY (minute, source_id, name, outcome, reason))""",
            # Since ever; never forgotten, so that what is measured from outside only grows.
            """
            CREATE TABLE events_totals (
                source_id TEXT NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL, events BIGINT NOT NULL,
                PRIMARY KEY (source_id, outcome, reason))""",
            """
            INSERT INTO events_totals (source_id, outcome, reason, events)
            SELECT source_id, outcome, '', SUM(count) FROM events_counts GROUP BY source_id, outcome""",
        ),
    ),
)
DERIVED_TABLES: tuple[str, ...] = ("events_reasons", "events_totals")

_ADD_REASON = """
INSERT INTO events_reasons (minute, source_id, name, outcome, reason, events, also) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (minute, source_id, name, outcome, reason) DO UPDATE SET
    events = events_reasons.events + excluded.events, also = events_reasons.also + excluded.also"""
_ADD_TOTAL = """
INSERT INTO events_totals (source_id, outcome, reason, events) VALUES (?, ?, ?, ?)
ON CONFLICT (source_id, outcome, reason) DO UPDATE SET events = events_totals.events + excluded.events"""
# How much has come since ever, from where, and what became of it?
_TOTALS = text("SELECT source_id, outcome, reason, events FROM events_totals ORDER BY source_id, outcome, reason")
# Why was how much put right, counted once or rejected since :minute, from where, and when last?
_BY_REASON = text("""
SELECT source_id, outcome, reason, SUM(events + also) AS events, MAX(minute) AS last_minute FROM events_reasons
WHERE minute >= :minute AND (:source_id = '*' OR source_id = :source_id)
GROUP BY source_id, outcome, reason ORDER BY SUM(events + also) DESC, source_id, outcome, reason""")
# Which events were these?
_NAMES_BY_REASON = text("""
SELECT source_id, outcome, reason, name, SUM(events + also) AS events FROM events_reasons
WHERE minute >= :minute AND name <> '' AND (:source_id = '*' OR source_id = :source_id)
GROUP BY source_id, outcome, reason, name ORDER BY SUM(events + also) DESC, name""")
# When was how much of one outcome for which reason, in steps of :step minutes since :minute?
_REASONS_OVER_TIME = text("""
SELECT minute - (minute % :step) AS at_minute, reason, SUM(events + also) AS events FROM events_reasons
WHERE minute >= :minute AND outcome = :outcome AND (:source_id = '*' OR source_id = :source_id)
GROUP BY minute - (minute % :step), reason ORDER BY minute - (minute % :step), reason""")
# What became of all that came since :minute?
_OUTCOMES = text("""
SELECT outcome, SUM(count) AS events FROM events_counts
WHERE minute >= :minute AND (:source_id = '*' AND source_id <> :own OR source_id = :source_id) GROUP BY outcome""")
_FORGET = text("DELETE FROM events_reasons WHERE minute < :minute")

EVERY_SOURCE = "*"


class ReasonRow(NamedTuple):
    """So many events of one minute, source and name met an outcome for a reason; `also` had it besides another."""

    minute: int
    source_id: str
    name: str
    outcome: str
    reason: str
    events: int
    also: int


def add_reasons(connection: Connection, rows: Sequence[ReasonRow]) -> None:
    """Add to the counts by reason."""
    write_rows(connection, _ADD_REASON, [tuple(row) for row in rows])


def add_totals(connection: Connection, rows: Sequence[tuple[str, str, str, int]]) -> None:
    """Add to what has come since ever: source, outcome, reason, how many."""
    write_rows(connection, _ADD_TOTAL, rows)


def totals(connection: Connection) -> list[tuple[str, str, str, int]]:
    """Return source, outcome, reason and how many, since ever."""
    return [(row.source_id, row.outcome, row.reason, int(row.events)) for row in connection.execute(_TOTALS)]


def by_reason(connection: Connection, since_minute: int, source_id: str = EVERY_SOURCE) -> Sequence[Row[Any]]:
    """Return source, outcome, reason, events and the last minute, most first."""
    return connection.execute(_BY_REASON, {"minute": since_minute, "source_id": source_id}).all()


def names_by_reason(connection: Connection, since_minute: int, source_id: str = EVERY_SOURCE) -> Sequence[Row[Any]]:
    """Return source, outcome, reason, name and events, most first."""
    return connection.execute(_NAMES_BY_REASON, {"minute": since_minute, "source_id": source_id}).all()


def over_time(
    connection: Connection, since_minute: int, step_minutes: int, *, outcome: str, source_id: str = EVERY_SOURCE
) -> list[tuple[int, str, int]]:
    """Return the minute each step begins, the reason and how many, in order of time."""
    values = {"minute": since_minute, "step": step_minutes, "outcome": outcome, "source_id": source_id}
    return [(row.at_minute, row.reason, int(row.events)) for row in connection.execute(_REASONS_OVER_TIME, values)]


def outcomes(connection: Connection, since_minute: int, source_id: str, own: str) -> dict[str, int]:
    """Return how many events met each outcome, our own left out unless they are asked for."""
    values = {"minute": since_minute, "source_id": source_id, "own": own}
    return {row.outcome: int(row.events) for row in connection.execute(_OUTCOMES, values)}


def forget(connection: Connection, before_minute: int) -> int:
    """Forget counts older than a minute; return how many rows went."""
    return connection.execute(_FORGET, {"minute": before_minute}).rowcount
