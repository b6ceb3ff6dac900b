"""Which hours were written, which are due, and what makes up each?"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, text

from regulars.destinations.core.hours import HourPlan


class HourRow(NamedTuple):
    """One hour of one destination. `state`: `due`, `marked` (due once an erasure is through) or `done`."""

    hour_us: int
    state: str
    plan: HourPlan
    events: int
    written_us: int | None
    again: bool


_COLUMNS = "hour_us, state, plan, events, written_us, again"
# Settle what makes up an hour; what was settled once stays.
_SETTLE = text(
    "INSERT INTO destinations_hours (destination_id, hour_us, state, plan) "
    "VALUES (:destination_id, :hour_us, 'due', :plan) ON CONFLICT (destination_id, hour_us) DO NOTHING"
)
_CUT = text("UPDATE destinations_hours SET plan = :plan WHERE destination_id = :destination_id AND hour_us = :hour_us")
# Which hour is to be written next, the newest hours of arrival before those of long ago?
_NEXT = text(
    f"SELECT {_COLUMNS} FROM destinations_hours WHERE destination_id = :destination_id AND state = 'due' "
    "ORDER BY hour_us DESC LIMIT 1"
)
_ONE = text(f"SELECT {_COLUMNS} FROM destinations_hours WHERE destination_id = :destination_id AND hour_us = :hour_us")
# Written; unless somebody was erased meanwhile and it must be written anew.
_DONE = text(
    "UPDATE destinations_hours SET state = CASE WHEN state = 'due' THEN 'done' ELSE state END, events = :events, "
    "written_us = :now_us WHERE destination_id = :destination_id AND hour_us = :hour_us"
)
# Up to which hour was it settled? Hours of long ago that somebody asked for are never the newest.
_LAST = text(
    "SELECT MAX(hour_us) FROM destinations_hours WHERE destination_id = :destination_id AND hour_us >= :from_us"
)
# Which hours were written, the newest first?
_LIST = text(
    f"SELECT {_COLUMNS} FROM destinations_hours WHERE destination_id = :destination_id AND hour_us < :before "
    "ORDER BY hour_us DESC LIMIT :rows"
)
_COUNT = text(
    "SELECT state, COUNT(*) AS hours FROM destinations_hours WHERE destination_id = :destination_id GROUP BY state"
)
_MARK = text("UPDATE destinations_hours SET state = 'marked', again = 1 WHERE hour_us = :hour_us AND state <> 'marked'")
_RELEASE = text("UPDATE destinations_hours SET state = 'due' WHERE state = 'marked'")


def settle(connection: Connection, destination_id: str, plan: HourPlan) -> None:
    """Settle what makes up an hour."""
    body = msgspec.json.encode(plan).decode()
    connection.execute(_SETTLE, {"destination_id": destination_id, "hour_us": plan.start_us, "plan": body})


def cut(connection: Connection, destination_id: str, plan: HourPlan) -> None:
    """Settle how an hour is cut into files."""
    body = msgspec.json.encode(plan).decode()
    connection.execute(_CUT, {"destination_id": destination_id, "hour_us": plan.start_us, "plan": body})


def next_due(connection: Connection, destination_id: str) -> HourRow | None:
    """Return the hour to write next."""
    row = connection.execute(_NEXT, {"destination_id": destination_id}).first()
    return None if row is None else _hour(row)


def one(connection: Connection, destination_id: str, hour_us: int) -> HourRow | None:
    """Return one hour."""
    row = connection.execute(_ONE, {"destination_id": destination_id, "hour_us": hour_us}).first()
    return None if row is None else _hour(row)


def done(connection: Connection, destination_id: str, hour_us: int, *, events: int, now_us: int) -> None:
    """Remember that an hour was written."""
    given = {"destination_id": destination_id, "hour_us": hour_us, "events": events, "now_us": now_us}
    connection.execute(_DONE, given)


def last(connection: Connection, destination_id: str, *, from_us: int) -> int | None:
    """Return the newest hour that was settled, of those from a moment on."""
    found = connection.execute(_LAST, {"destination_id": destination_id, "from_us": from_us}).scalar()
    return None if found is None else int(found)


def listed(connection: Connection, destination_id: str, *, before: int, rows_max: int) -> list[HourRow]:
    """Return hours before a place in the list, the newest first."""
    given = {"destination_id": destination_id, "before": before, "rows": rows_max}
    return [_hour(row) for row in connection.execute(_LIST, given)]


def count(connection: Connection, destination_id: str) -> dict[str, int]:
    """Return how many hours are due and how many done."""
    rows = connection.execute(_COUNT, {"destination_id": destination_id})
    return {row.state: row.hours for row in rows}


def mark(connection: Connection, hours: set[int]) -> int:
    """Mark hours to be written anew, without somebody, and return how many rows that were."""
    return sum(connection.execute(_MARK, {"hour_us": hour}).rowcount for hour in sorted(hours))


def release(connection: Connection) -> None:
    """Let the marked hours be written."""
    connection.execute(_RELEASE)


def _hour(row: object) -> HourRow:
    found = HourRow(*row)  # type: ignore[misc] # a row is a tuple of exactly these columns
    plan = msgspec.json.decode(str(found.plan), type=HourPlan)
    return found._replace(plan=plan, again=bool(found.again))
