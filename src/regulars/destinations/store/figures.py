"""How much was delivered, when, how fast, and what was said last?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, text

from regulars.kernel.bulk import write_rows

TRIES_KEPT = 1_000  # of each destination: what a person looks through


class Try(NamedTuple):
    """One request, file or hour: what came of it. `about` names an event, an hour or a run; it holds no content."""

    try_id: int
    destination_id: str
    at_us: int
    outcome: str
    items: int
    status: int | None
    duration_ms: int
    sentence: str
    said: str
    about: str


class MinuteRow(NamedTuple):
    """How many events came to one end in a span that begins with this minute, and how long the requests took."""

    minute: int
    outcome: str
    items: int
    requests: int
    ms_sum: int
    ms_max: int


_ADD_TRY = """
INSERT INTO destinations_tries (destination_id, at_us, outcome, items, status, duration_ms, sentence, said, about)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""
# Which tries came before this one, the newest first?
_TRIES = text(
    "SELECT try_id, destination_id, at_us, outcome, items, status, duration_ms, sentence, said, about "
    "FROM destinations_tries WHERE destination_id = :destination_id AND try_id < :before "
    "AND (:outcome = '' OR outcome = :outcome) AND at_us >= :from_us AND at_us < :to_us "
    "ORDER BY try_id DESC LIMIT :rows"
)
# Keep the newest.
_FORGET_TRIES = text(
    "DELETE FROM destinations_tries WHERE destination_id = :destination_id AND try_id <= "
    "(SELECT try_id FROM destinations_tries WHERE destination_id = :destination_id "
    "ORDER BY try_id DESC LIMIT 1 OFFSET :kept)"
)
_COUNT = """
INSERT INTO destinations_counts AS known (destination_id, minute, outcome, items, requests, ms_sum, ms_max)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (destination_id, minute, outcome) DO UPDATE SET items = known.items + excluded.items,
    requests = known.requests + excluded.requests, ms_sum = known.ms_sum + excluded.ms_sum,
    ms_max = CASE WHEN excluded.ms_max > known.ms_max THEN excluded.ms_max ELSE known.ms_max END"""
# How much came to which end, by spans of so many minutes?
_SERIES = text(
    "SELECT minute - minute % :step AS span, outcome, SUM(items) AS items, SUM(requests) AS requests, "
    "SUM(ms_sum) AS ms_sum, MAX(ms_max) AS ms_max FROM destinations_counts "
    "WHERE destination_id = :destination_id AND minute >= :from_minute "
    "GROUP BY minute - minute % :step, outcome ORDER BY span, outcome"
)
# How much since a minute, for every destination?
_SINCE = text(
    "SELECT destination_id, outcome, SUM(items) AS items FROM destinations_counts WHERE minute >= :from_minute "
    "GROUP BY destination_id, outcome"
)
_FORGET_COUNTS = text("DELETE FROM destinations_counts WHERE minute < :before_minute")


def note_tries(connection: Connection, rows: list[tuple[str, int, str, int, int | None, int, str, str, str]]) -> None:
    """Remember requests: (destination, moment, outcome, events, status, duration, sentence, its code, what about)."""
    write_rows(connection, _ADD_TRY, rows)


def tries(
    connection: Connection,
    destination_id: str,
    *,
    before: int,
    outcome: str,
    from_us: int,
    to_us: int,
    rows_max: int,
) -> list[Try]:
    """Return tries before a place in the list, the newest first."""
    given = {"destination_id": destination_id, "before": before, "outcome": outcome, "rows": rows_max}
    return [Try(*row) for row in connection.execute(_TRIES, {**given, "from_us": from_us, "to_us": to_us})]


def forget_tries(connection: Connection, destination_id: str) -> None:
    """Keep the newest tries of a destination."""
    connection.execute(_FORGET_TRIES, {"destination_id": destination_id, "kept": TRIES_KEPT})


def count(connection: Connection, rows: Sequence[tuple[str, int, str, int, int, int, int]]) -> None:
    """Add to the counts: (destination, minute, outcome, events, requests, sum of ms, longest)."""
    write_rows(connection, _COUNT, rows)


def series(connection: Connection, destination_id: str, *, from_minute: int, step: int) -> list[MinuteRow]:
    """Return the counts of a destination by spans of `step` minutes."""
    given = {"destination_id": destination_id, "from_minute": from_minute, "step": step}
    return [
        MinuteRow(int(row.span), row.outcome, int(row.items), int(row.requests), int(row.ms_sum), int(row.ms_max))
        for row in connection.execute(_SERIES, given)
    ]


def since(connection: Connection, from_minute: int) -> dict[tuple[str, str], int]:
    """Return how much came to each end since a minute, by destination and outcome."""
    rows = connection.execute(_SINCE, {"from_minute": from_minute})
    return {(row.destination_id, row.outcome): int(row.items) for row in rows}


def forget_counts(connection: Connection, before_minute: int) -> int:
    """Forget the counts before a minute and return how many rows went."""
    return connection.execute(_FORGET_COUNTS, {"before_minute": before_minute}).rowcount
