"""What waits to be delivered, and what was given up on?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, text

from regulars.kernel.bulk import delete_among, rows_among, write_rows
from regulars.kernel.sayings import Sentence, text_of, written


class Waiting(NamedTuple):
    """One event that waits for one destination."""

    queue_id: int
    event_id: str
    name: str
    anchor: int | None
    occurred_us: int
    first_us: int
    attempt: int
    alone: bool
    data: bytes


class Settled(NamedTuple):
    """What a try means for a row: when it is due again, or never, and what was answered."""

    queue_id: int
    due_us: int | None
    attempt: int
    alone: bool
    status: int | None
    sentence: Sentence
    head: str


class Backlog(NamedTuple):
    """How much waits for a destination, how much of it for another try, and since when the oldest."""

    waiting: int
    retrying: int
    oldest_us: int | None


class Letter(NamedTuple):
    """An event that was given up on, for one destination."""

    letter_id: int
    destination_id: str
    event_id: str
    name: str
    occurred_us: int
    first_us: int
    dead_us: int
    attempt: int
    status: int | None
    sentence: str
    said: str
    head: str
    data: bytes


_ENQUEUE = """
INSERT INTO destinations_queue (destination_id, event_id, name, anchor, occurred_us, first_us, due_us, data)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
# Is something due for this one?
_HAS_DUE = text("SELECT 1 FROM destinations_queue WHERE destination_id = :destination_id AND due_us <= :now_us LIMIT 1")
# What is due for this one, in the order it came?
_DUE = text(
    "SELECT queue_id, event_id, name, anchor, occurred_us, first_us, attempt, alone, data FROM destinations_queue "
    "WHERE destination_id = :destination_id AND due_us <= :now_us ORDER BY due_us, queue_id LIMIT :rows"
)
# The same, without whatever comes after something of the same customer that waits to be tried again.
_DUE_IN_ORDER = text(
    "SELECT queue_id, event_id, name, anchor, occurred_us, first_us, attempt, alone, data FROM destinations_queue q "
    "WHERE destination_id = :destination_id AND due_us <= :now_us AND NOT EXISTS (SELECT 1 FROM destinations_queue e "
    "WHERE e.anchor = q.anchor AND e.destination_id = q.destination_id AND e.queue_id < q.queue_id "
    "AND e.due_us > :now_us) ORDER BY queue_id LIMIT :rows"
)
_DELIVERED = "DELETE FROM destinations_queue WHERE queue_id {among}"
_AGAIN = """
UPDATE destinations_queue SET due_us = ?, attempt = ?, alone = ?, status = ?, sentence = ?, head = ?
WHERE queue_id = ?"""
# Give up. A row that is gone, because its customer was forgotten meanwhile, leaves no letter.
_BURY = """
INSERT INTO destinations_dead_letters (destination_id, event_id, name, anchor, occurred_us, first_us, dead_us, attempt,
    status, sentence, said, head, data)
SELECT destination_id, event_id, name, anchor, occurred_us, first_us, CAST(? AS BIGINT), CAST(? AS INTEGER),
    CAST(? AS INTEGER), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), data
FROM destinations_queue WHERE queue_id = ?"""
# How much waits for each?
_BACKLOG = text(
    "SELECT destination_id, COUNT(*) AS waiting, SUM(CASE WHEN attempt > 0 THEN 1 ELSE 0 END) AS retrying, "
    "MIN(first_us) AS oldest_us FROM destinations_queue GROUP BY destination_id"
)
_COUNT = text("SELECT COUNT(*) FROM destinations_queue WHERE destination_id = :destination_id")
# Nothing waits any longer: everything is due now.
_HURRY = text(
    "UPDATE destinations_queue SET due_us = :now_us WHERE destination_id = :destination_id AND due_us > :now_us"
)
_BURY_ALL = text(
    "INSERT INTO destinations_dead_letters (destination_id, event_id, name, anchor, occurred_us, first_us, dead_us, "
    "attempt, status, sentence, said, head, data) SELECT destination_id, event_id, name, anchor, occurred_us, "
    "first_us, CAST(:now_us AS BIGINT), attempt, CAST(:status AS INTEGER), CAST(:sentence AS TEXT), "
    "CAST(:said AS TEXT), head, data FROM destinations_queue WHERE destination_id = :destination_id ORDER BY queue_id"
)
_CLEAR = text("DELETE FROM destinations_queue WHERE destination_id = :destination_id")

_LETTER = (
    "letter_id, destination_id, event_id, name, occurred_us, first_us, dead_us, attempt, status, sentence, said, head, "
    "data"
)
# Which letters came before this one, the newest first?
_LETTERS = text(
    f"SELECT {_LETTER} FROM destinations_dead_letters WHERE destination_id = :destination_id AND letter_id < :before "
    "ORDER BY letter_id DESC LIMIT :rows"
)
_LETTER_ONE = text(
    f"SELECT {_LETTER} FROM destinations_dead_letters WHERE destination_id = :destination_id AND letter_id = :letter_id"
)
_COUNT_LETTERS = text("SELECT destination_id, COUNT(*) AS dead FROM destinations_dead_letters GROUP BY destination_id")
_REVIVE = """
INSERT INTO destinations_queue (destination_id, event_id, name, anchor, occurred_us, first_us, due_us, alone, data)
SELECT destination_id, event_id, name, anchor, occurred_us, CAST(? AS BIGINT), CAST(? AS BIGINT), 1, data
FROM destinations_dead_letters WHERE destination_id = ? AND letter_id = ?"""
_DROP_LETTER = "DELETE FROM destinations_dead_letters WHERE destination_id = ? AND letter_id = ?"
_OLD_LETTERS = text("DELETE FROM destinations_dead_letters WHERE dead_us < :before_us")
_FORGET = (
    "DELETE FROM destinations_queue WHERE anchor {among}",
    "DELETE FROM destinations_dead_letters WHERE anchor {among}",
)
# What waits or was given up on, and is filed under nobody? Facts of our own name customers within.
_NOBODYS = (
    "SELECT queue_id, data FROM destinations_queue WHERE anchor IS NULL",
    "SELECT letter_id, data FROM destinations_dead_letters WHERE anchor IS NULL",
)
_FORGET_ROW = (
    "DELETE FROM destinations_queue WHERE queue_id {among}",
    "DELETE FROM destinations_dead_letters WHERE letter_id {among}",
)

Queued = tuple[str, str, str, int | None, int, int, int, bytes]


def enqueue(connection: Connection, rows: Sequence[Queued]) -> None:
    """Let events wait: (destination, event id, name, anchor, occurred, queued at, due at, data)."""
    write_rows(connection, _ENQUEUE, rows, "text text text bigint bigint bigint bigint bytea")


def has_due(connection: Connection, destination_id: str, now_us: int) -> bool:
    """Return whether something is due for a destination."""
    return connection.execute(_HAS_DUE, {"destination_id": destination_id, "now_us": now_us}).first() is not None


def due(
    connection: Connection, destination_id: str, *, now_us: int, rows_max: int, keep_order: bool = False
) -> list[Waiting]:
    """Return what is due, in the order it came."""
    given = {"destination_id": destination_id, "now_us": now_us, "rows": rows_max}
    return [
        Waiting(
            row.queue_id,
            row.event_id,
            row.name,
            row.anchor,
            row.occurred_us,
            row.first_us,
            row.attempt,
            bool(row.alone),
            bytes(row.data),
        )
        for row in connection.execute(_DUE_IN_ORDER if keep_order else _DUE, given)
    ]


def settle(connection: Connection, delivered: Iterable[int], others: Sequence[Settled], now_us: int) -> None:
    """Take out what was delivered, put back what is tried again, bury what is not."""
    delete_among(connection, _DELIVERED, delivered)
    again = [one for one in others if one.due_us is not None]
    write_rows(
        connection,
        _AGAIN,
        [
            (one.due_us, one.attempt, int(one.alone), one.status, text_of(one.sentence), one.head, one.queue_id)
            for one in again
        ],
        "bigint integer integer integer text text bigint",
    )
    dead = [one for one in others if one.due_us is None]
    letters = [
        (now_us, one.attempt, one.status, text_of(one.sentence), written(one.sentence), one.head, one.queue_id)
        for one in dead
    ]
    write_rows(connection, _BURY, letters)
    delete_among(connection, _DELIVERED, [one.queue_id for one in dead])


def backlog(connection: Connection) -> dict[str, Backlog]:
    """Return how much waits for each destination; those for which nothing does are left out."""
    return {
        row.destination_id: Backlog(row.waiting, int(row.retrying), row.oldest_us)
        for row in connection.execute(_BACKLOG)
    }


def count_waiting(connection: Connection, destination_id: str) -> int:
    """Return how much waits for one destination."""
    return int(connection.execute(_COUNT, {"destination_id": destination_id}).scalar_one())


def hurry(connection: Connection, destination_id: str, now_us: int) -> None:
    """Let everything that waits be due now."""
    connection.execute(_HURRY, {"destination_id": destination_id, "now_us": now_us})


def bury_all(
    connection: Connection, destination_id: str, *, sentence: Sentence, status: int | None, now_us: int
) -> int:
    """Give up on everything that waits for a destination and return how much that was."""
    told = {"sentence": text_of(sentence), "said": written(sentence)}
    given = {"destination_id": destination_id, **told, "status": status, "now_us": now_us}
    buried = connection.execute(_BURY_ALL, given).rowcount
    connection.execute(_CLEAR, {"destination_id": destination_id})
    return buried


def letters(connection: Connection, destination_id: str, *, before: int, rows_max: int) -> list[Letter]:
    """Return letters before a place in the list, the newest first."""
    given = {"destination_id": destination_id, "before": before, "rows": rows_max}
    return [_letter(row) for row in connection.execute(_LETTERS, given)]


def letter(connection: Connection, destination_id: str, letter_id: int) -> Letter | None:
    """Return one letter."""
    row = connection.execute(_LETTER_ONE, {"destination_id": destination_id, "letter_id": letter_id}).first()
    return None if row is None else _letter(row)


def count_letters(connection: Connection) -> dict[str, int]:
    """Return how many letters each destination has; those without are left out."""
    return {row.destination_id: row.dead for row in connection.execute(_COUNT_LETTERS)}


def revive(connection: Connection, destination_id: str, letter_ids: Sequence[int], now_us: int) -> None:
    """Let letters wait again, each to be sent by itself, as if they came now."""
    keys = [(destination_id, letter_id) for letter_id in letter_ids]
    write_rows(connection, _REVIVE, [(now_us, now_us, *key) for key in keys])
    write_rows(connection, _DROP_LETTER, keys)


def drop_letters(connection: Connection, destination_id: str, letter_ids: Sequence[int]) -> None:
    """Throw letters away."""
    write_rows(connection, _DROP_LETTER, [(destination_id, letter_id) for letter_id in letter_ids])


def drop_old_letters(connection: Connection, before_us: int) -> int:
    """Throw away the letters given up on before a moment and return how many went."""
    return connection.execute(_OLD_LETTERS, {"before_us": before_us}).rowcount


def forget(connection: Connection, anchors: Iterable[int], words: Iterable[str]) -> int:
    """Remove what is filed under these identifiers, and what is filed under nobody but names one of these words."""
    numbers, wanted = list(anchors), [word.encode() for word in words]
    gone = sum(delete_among(connection, statement, numbers) for statement in _FORGET)
    for find, drop in zip(_NOBODYS, _FORGET_ROW, strict=True):
        rows = connection.exec_driver_sql(find)
        named = [row[0] for row in rows if any(word in bytes(row[1]) for word in wanted)]
        gone += delete_among(connection, drop, named)
    return gone


def anchors_waiting(connection: Connection, anchors: Iterable[int]) -> int:
    """Return how many rows wait under these identifiers."""
    return len(rows_among(connection, "SELECT queue_id FROM destinations_queue WHERE anchor {among}", anchors))


def _letter(row: object) -> Letter:
    found = Letter(*row)  # type: ignore[misc] # a row is a tuple of exactly these columns
    return found._replace(data=bytes(found.data))
