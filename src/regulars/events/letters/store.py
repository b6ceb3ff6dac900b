"""Questions to the dead letters: which there are, what became of each, and which are old."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple  # Any: SQLAlchemy's Row, and values bound to a statement

from sqlalchemy import Connection, Row, text

from regulars.events.letters.core import Fault, Wanted
from regulars.events.worker_store import LETTER_COLUMNS, DeadLetter
from regulars.kernel.bulk import delete_among, rows_among, write_rows
from regulars.kernel.clock import microseconds
from regulars.kernel.sayings import written

DERIVED_TABLES: tuple[str, ...] = ()  # what a person did with a letter stands nowhere else

PROBLEM_CHARACTERS_MAX = 500
_COLUMNS = f"{LETTER_COLUMNS}, state, changed_us, problem, problem_code, problem_said"
# Which letter is this?
_ONE = text(f"SELECT {_COLUMNS} FROM events_dead_letters WHERE letter_id = :letter_id")
# How many letters are there of each kind, since when and until when? Within, as the index holds them, so that they are
# summed up while it is read.
_GROUPS = text("""
SELECT projection, COALESCE(source_id, '') AS source_id, code, CAST(SUM(letters) AS BIGINT) AS letters,
    MIN(first_us) AS first_us, MAX(last_us) AS last_us
FROM (
    SELECT projection, source_id, code, COUNT(*) AS letters, MIN(received_us) AS first_us, MAX(received_us) AS last_us
    FROM events_dead_letters WHERE state = :state GROUP BY projection, source_id, code
) AS kinds
GROUP BY projection, COALESCE(source_id, ''), code ORDER BY 4 DESC, projection, COALESCE(source_id, ''), code""")
# It is sent again: only if nobody was faster.
_RETRIED = text("""
UPDATE events_dead_letters SET state = 'retried', changed_us = :now_us, change_id = :change_id, problem = '',
    problem_code = '', problem_said = ''
WHERE letter_id = :letter_id AND state = 'open'""")
_PROBLEM = """
UPDATE events_dead_letters SET problem = ?, problem_code = ?, problem_said = ?
WHERE letter_id = ? AND state = 'open'"""
_RESTORE = text("""
UPDATE events_dead_letters SET state = 'open', changed_us = :now_us, change_id = ''
WHERE change_id = :change_id AND state = 'discarded'""")
_FORGET_OLD = text("DELETE FROM events_dead_letters WHERE at_us < :before_us")
# Which letters stand in this part of the log and have what was sent only there?
_IN_LOG = text("""
SELECT letter_id FROM events_dead_letters
WHERE partition = :partition AND record_offset <= :through AND letter_id > :after AND LENGTH(raw) = 0
ORDER BY letter_id LIMIT :rows""")
_KEEP_RAW = "UPDATE events_dead_letters SET raw = ? WHERE letter_id = ? AND LENGTH(raw) = 0"
# Which letters keep what was sent themselves?
_WITH_RAW = text("""
SELECT letter_id, raw FROM events_dead_letters WHERE letter_id > :after AND LENGTH(raw) > 0
ORDER BY letter_id LIMIT :rows""")
_AT = "SELECT letter_id, partition, record_offset, item_index FROM events_dead_letters WHERE record_offset {among}"
_DELETE = "DELETE FROM events_dead_letters WHERE letter_id {among}"


class LetterRow(NamedTuple):
    """A letter with what became of it."""

    letter: DeadLetter
    state: str
    changed_us: int
    problem: str
    problem_code: str
    problem_said: str


class Query(NamedTuple):
    """A condition on letters, with its values."""

    where: str
    values: Mapping[str, Any]


def query_of(wanted: Wanted, identifiers: Sequence[tuple[str, str]] = ()) -> Query:
    """Return the condition that somebody wants; `identifiers` are those of the customer asked for."""
    parts: list[str] = []
    values: dict[str, Any] = {}
    for column, name, value in (
        ("state", "state", wanted.state),
        ("projection", "stopped_by", wanted.stopped_by),
        ("source_id", "source_id", wanted.source_id),
        ("code", "code", wanted.code),
        ("name", "name", wanted.name),
    ):
        if value is not None:
            parts.append(f"{column} = :{name}")
            values[name] = value
    for operator, name, moment in ((">=", "since_us", wanted.since), ("<", "until_us", wanted.until)):
        if moment is not None:
            parts.append(f"received_us {operator} :{name}")
            values[name] = microseconds(moment)
    if wanted.customer is not None:
        either = []
        for number, (kind, identifier) in enumerate(identifiers):
            column = "user_id" if kind == "user_id" else "anonymous_id"
            either.append(f"SELECT letter_id FROM events_dead_letters WHERE {column} = :who{number}")
            values[f"who{number}"] = identifier
        parts.append(f"letter_id IN ({' UNION '.join(either)})" if either else "1 = 0")
    return Query(" AND ".join(parts) or "1 = 1", values)


def letters(connection: Connection, query: Query, *, before: int, rows_max: int) -> list[LetterRow]:
    """Return letters, the newest first."""
    statement = f"""
    SELECT {_COLUMNS} FROM events_dead_letters WHERE {query.where} AND letter_id < :before
    ORDER BY letter_id DESC LIMIT :rows"""
    rows = connection.execute(text(statement), {**query.values, "before": before, "rows": rows_max})
    return [_row(row) for row in rows]


def letters_after(connection: Connection, query: Query, *, after: int, through: int, rows_max: int) -> list[LetterRow]:
    """Return letters, the oldest first."""
    statement = f"""
    SELECT {_COLUMNS} FROM events_dead_letters
    WHERE {query.where} AND letter_id > :after AND letter_id <= :through ORDER BY letter_id LIMIT :rows"""
    values = {**query.values, "after": after, "through": through, "rows": rows_max}
    return [_row(row) for row in connection.execute(text(statement), values)]


def count(connection: Connection, query: Query) -> tuple[int, int]:
    """Return how many letters there are, and the newest of them, 0 when there is none."""
    statement = f"SELECT COUNT(*) AS letters, MAX(letter_id) AS newest FROM events_dead_letters WHERE {query.where}"
    row = connection.execute(text(statement), dict(query.values)).one()
    return int(row.letters), int(row.newest or 0)


def places(connection: Connection, query: Query) -> set[tuple[str, int]]:
    """Return where in the log letters stand."""
    statement = f"SELECT DISTINCT partition, record_offset FROM events_dead_letters WHERE {query.where}"
    return {(row.partition, row.record_offset) for row in connection.execute(text(statement), dict(query.values))}


def one(connection: Connection, letter_id: int) -> LetterRow | None:
    """Return one letter."""
    row = connection.execute(_ONE, {"letter_id": letter_id}).first()
    return _row(row) if row else None


def groups(connection: Connection, state: str) -> Sequence[Row[Any]]:
    """Return how many letters there are of each kind, most first."""
    return connection.execute(_GROUPS, {"state": state}).all()


def mark_retried(connection: Connection, letter_id: int, *, change_id: str, now_us: int) -> bool:
    """Close a letter that is sent again; False when it was not open any more."""
    values = {"letter_id": letter_id, "change_id": change_id, "now_us": now_us}
    return connection.execute(_RETRIED, values).rowcount == 1


def note_problems(connection: Connection, problems: Iterable[tuple[int, Fault]]) -> None:
    """Keep why letters could not be sent again."""
    rows = [
        (fault.sentence[:PROBLEM_CHARACTERS_MAX], fault.code, written(fault.said), letter_id)
        for letter_id, fault in problems
    ]
    write_rows(connection, _PROBLEM, rows)


def discard(connection: Connection, query: Query, *, change_id: str, now_us: int) -> int:
    """Close open letters for good; return how many."""
    statement = f"""
    UPDATE events_dead_letters SET state = 'discarded', changed_us = :now_us, change_id = :change_id
    WHERE {query.where} AND state = 'open'"""
    return connection.execute(text(statement), {**query.values, "change_id": change_id, "now_us": now_us}).rowcount


def restore(connection: Connection, change_id: str, now_us: int) -> int:
    """Open the letters again that were discarded together; return how many."""
    return connection.execute(_RESTORE, {"change_id": change_id, "now_us": now_us}).rowcount


def forget_old(connection: Connection, before_us: int) -> int:
    """Forget letters that were buried before a moment, whatever became of them; return how many."""
    return connection.execute(_FORGET_OLD, {"before_us": before_us}).rowcount


def in_log(connection: Connection, partition: str, *, through: int, after: int, rows_max: int) -> list[int]:
    """Return letters after one whose text only a part of the log holds, oldest first."""
    values = {"partition": partition, "through": through, "after": after, "rows": rows_max}
    return list(connection.execute(_IN_LOG, values).scalars())


def keep_raw(connection: Connection, raws: Iterable[tuple[int, bytes]]) -> None:
    """Keep what was sent with the letters, because the log will not."""
    write_rows(connection, _KEEP_RAW, [(raw, letter_id) for letter_id, raw in raws])


def with_raw(connection: Connection, *, after: int, rows_max: int) -> list[tuple[int, bytes]]:
    """Return the letters that keep what was sent themselves, oldest first."""
    rows = connection.execute(_WITH_RAW, {"after": after, "rows": rows_max})
    return [(row.letter_id, bytes(row.raw)) for row in rows]


def at_offsets(connection: Connection, offsets: Iterable[int]) -> list[tuple[int, str, int, int | None]]:
    """Return letter, partition, offset and index of the letters at some offsets of any partition."""
    return [(row[0], row[1], row[2], row[3]) for row in rows_among(connection, _AT, offsets)]


def delete(connection: Connection, letter_ids: Iterable[int]) -> int:
    """Remove letters; return how many went."""
    return delete_among(connection, _DELETE, sorted(letter_ids))


def _row(row: Row[Any]) -> LetterRow:
    values = dict(row._mapping)
    became = {name: values.pop(name) for name in ("state", "changed_us", "problem", "problem_code", "problem_said")}
    return LetterRow(DeadLetter(**{**values, "raw": bytes(values["raw"])}), **became)
