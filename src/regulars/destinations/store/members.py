"""Whom does the other side know of, since which run, and who must be taken out?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple  # Any: as said where it stands

import msgspec
from sqlalchemy import Connection, TextClause, text

from regulars.kernel.bulk import delete_among, rows_among, write_rows
from regulars.kernel.ids import CustomerId


class Member(NamedTuple):
    """One member, filed under a digest of the destination and of what they are known by over there."""

    member_key: str
    customer_id: CustomerId
    told: dict[str, str]
    run: int
    state: int


NEW, KNOWN, CHANGED = 0, 1, 2  # never told of; known as told here; known with older values


class Sync(NamedTuple):
    """One run: who was in, who came, changed and went; `left_out` belong but cannot be named over there."""

    run: int
    begun_us: int
    finished_us: int | None
    members: int
    added: int
    changed: int
    removed: int
    left_out: int
    asked: bool


_MEMBER = "member_key, customer_id, told, run, state"
# What does the other side know of these?
_KNOWN = f"SELECT {_MEMBER} FROM destinations_members WHERE member_key {{among}}"
_PUT = """
INSERT INTO destinations_members (member_key, destination_id, customer_id, told, run, state) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (member_key) DO UPDATE SET customer_id = excluded.customer_id, told = excluded.told, run = excluded.run,
    state = excluded.state"""
_CONFIRM = "UPDATE destinations_members SET state = 1 WHERE member_key = ?"
_CONFIRM_RUN = text(
    "UPDATE destinations_members SET state = 1 WHERE destination_id = :destination_id AND run = :run AND state <> 1"
)
# Who belongs as of this run, in the order of their keys?
_OF_RUN = text(
    f"SELECT {_MEMBER} FROM destinations_members WHERE destination_id = :destination_id AND run = :run "
    "AND member_key > :after ORDER BY member_key LIMIT :rows"
)
# Of whom must the other side still be told?
_UNTOLD = text(
    f"SELECT {_MEMBER} FROM destinations_members WHERE destination_id = :destination_id AND run = :run "
    "AND state <> 1 AND member_key > :after ORDER BY member_key LIMIT :rows"
)
# Who was there before this run and is not any more?
_GONE = text(
    f"SELECT {_MEMBER} FROM destinations_members WHERE destination_id = :destination_id AND run < :run "
    "AND member_key > :after ORDER BY member_key LIMIT :rows"
)
_DROP = "DELETE FROM destinations_members WHERE member_key = ?"
_DROP_GONE = text("DELETE FROM destinations_members WHERE destination_id = :destination_id AND run < :run")
# Who was forgotten here and must be taken out over there?
_REMOVALS = text(
    "SELECT member_key, told FROM destinations_removals WHERE destination_id = :destination_id "
    "AND member_key > :after ORDER BY member_key LIMIT :rows"
)
_DROP_REMOVAL = "DELETE FROM destinations_removals WHERE member_key = ?"
# Whoever was forgotten here and came back as a new customer belongs again.
_DROP_RETURNED = text(
    "DELETE FROM destinations_removals WHERE destination_id = :destination_id AND member_key IN "
    "(SELECT member_key FROM destinations_members WHERE destination_id = :destination_id AND run = :run)"
)
_OLD_REMOVALS = text("DELETE FROM destinations_removals WHERE since_us < :before_us")
_CLEAR_REMOVALS = text("DELETE FROM destinations_removals WHERE destination_id = :destination_id")
_COUNT = text(
    "SELECT COUNT(*) AS members, COALESCE(SUM(CASE WHEN state = 0 THEN 1 ELSE 0 END), 0) AS added, "
    "COALESCE(SUM(CASE WHEN state = 2 THEN 1 ELSE 0 END), 0) AS changed FROM destinations_members "
    "WHERE destination_id = :destination_id AND run = :run"
)
_COUNT_KNOWN = text("SELECT COUNT(*) FROM destinations_members WHERE destination_id = :destination_id AND state <> 0")
_COUNT_GONE = text("SELECT COUNT(*) FROM destinations_members WHERE destination_id = :destination_id AND run < :run")
_COUNT_REMOVALS = text("SELECT COUNT(*) FROM destinations_removals WHERE destination_id = :destination_id")
_THEIRS = "SELECT destination_id, member_key, told FROM destinations_members WHERE customer_id {among}"
_LEAVE_REMOVAL = """
INSERT INTO destinations_removals (member_key, destination_id, told, since_us) VALUES (?, ?, ?, ?)
ON CONFLICT (member_key) DO NOTHING"""
_FORGET = "DELETE FROM destinations_members WHERE customer_id {among}"
_MOVE = "UPDATE destinations_members SET customer_id = ? WHERE customer_id = ?"

_SYNC = "run, begun_us, finished_us, members, added, changed, removed, left_out, asked"
# When was it sent last, and is a run under way?
_LAST = text(f"SELECT {_SYNC} FROM destinations_syncs WHERE destination_id = :destination_id ORDER BY run DESC LIMIT 1")
# Which runs came before this one, the newest first?
_LIST = text(
    f"SELECT {_SYNC} FROM destinations_syncs WHERE destination_id = :destination_id AND run < :before "
    "ORDER BY run DESC LIMIT :rows"
)
_BEGIN = text(
    "INSERT INTO destinations_syncs (destination_id, run, begun_us, asked) "
    "VALUES (:destination_id, :run, :now_us, :asked) ON CONFLICT (destination_id, run) DO NOTHING"
)
_NOTE = text(
    "UPDATE destinations_syncs SET members = :members, added = :added, changed = :changed, removed = :removed, "
    "left_out = :left_out WHERE destination_id = :destination_id AND run = :run"
)
_FINISH = text(
    "UPDATE destinations_syncs SET finished_us = :now_us WHERE destination_id = :destination_id AND run = :run"
)

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, str]).decode


def known(connection: Connection, keys: Iterable[str]) -> dict[str, Member]:
    """Return what the other side knows of members, by their keys."""
    return {row[0]: _member(row) for row in rows_among(connection, _KNOWN, keys)}


def put(connection: Connection, destination_id: str, members: Sequence[Member]) -> None:
    """Remember members, in place of those with the same keys."""
    rows = [(m.member_key, destination_id, m.customer_id, _encode(m.told).decode(), m.run, m.state) for m in members]
    write_rows(connection, _PUT, rows)


def confirm(connection: Connection, keys: Iterable[str]) -> None:
    """Remember that the other side knows members as they are kept here."""
    write_rows(connection, _CONFIRM, [(key,) for key in keys])


def confirm_run(connection: Connection, destination_id: str, run: int) -> None:
    """Remember that the other side knows everyone of a run, and nobody else."""
    connection.execute(_CONFIRM_RUN, {"destination_id": destination_id, "run": run})
    connection.execute(_DROP_GONE, {"destination_id": destination_id, "run": run})
    connection.execute(_CLEAR_REMOVALS, {"destination_id": destination_id})


def of_run(connection: Connection, destination_id: str, *, run: int, after: str, rows_max: int) -> list[Member]:
    """Return members as of a run after a key, in order."""
    return _members(connection, _OF_RUN, destination_id, run=run, after=after, rows_max=rows_max)


def untold(connection: Connection, destination_id: str, *, run: int, after: str, rows_max: int) -> list[Member]:
    """Return members as of a run of whom the other side must still be told, after a key, in order."""
    return _members(connection, _UNTOLD, destination_id, run=run, after=after, rows_max=rows_max)


def gone(connection: Connection, destination_id: str, *, run: int, after: str, rows_max: int) -> list[Member]:
    """Return members who were there before a run and are not any more, after a key, in order."""
    return _members(connection, _GONE, destination_id, run=run, after=after, rows_max=rows_max)


def drop(connection: Connection, keys: Iterable[str]) -> None:
    """Forget members whom the other side has taken out."""
    write_rows(connection, _DROP, [(key,) for key in keys])


def removals(
    connection: Connection, destination_id: str, *, after: str, rows_max: int
) -> list[tuple[str, dict[str, str]]]:
    """Return members whose customer is forgotten here: their keys, and what the other side knows them by."""
    given = {"destination_id": destination_id, "after": after, "rows": rows_max}
    return [(row.member_key, _decode(row.told)) for row in connection.execute(_REMOVALS, given)]


def drop_removals(connection: Connection, keys: Iterable[str]) -> None:
    """Forget removals that are done."""
    write_rows(connection, _DROP_REMOVAL, [(key,) for key in keys])


def drop_returned(connection: Connection, destination_id: str, run: int) -> None:
    """Forget the removals of those who belong again."""
    connection.execute(_DROP_RETURNED, {"destination_id": destination_id, "run": run})


def drop_old_removals(connection: Connection, before_us: int) -> int:
    """Forget removals that could not be made since before a moment, and return how many."""
    return connection.execute(_OLD_REMOVALS, {"before_us": before_us}).rowcount


def counted(connection: Connection, destination_id: str, run: int) -> dict[str, int]:
    """Return how many belong as of a run, and how many came, changed and went."""
    row = connection.execute(_COUNT, {"destination_id": destination_id, "run": run}).one()
    went = connection.execute(_COUNT_GONE, {"destination_id": destination_id, "run": run}).scalar_one()
    return {
        "members": int(row.members),
        "added": int(row.added),
        "changed": int(row.changed),
        "removed": int(went) + count_removals(connection, destination_id),
    }


def count(connection: Connection, destination_id: str) -> int:
    """Return how many members the other side knows of."""
    return int(connection.execute(_COUNT_KNOWN, {"destination_id": destination_id}).scalar_one())


def count_removals(connection: Connection, destination_id: str) -> int:
    """Return how many removals of forgotten customers wait."""
    return int(connection.execute(_COUNT_REMOVALS, {"destination_id": destination_id}).scalar_one())


def move(connection: Connection, merges: Sequence[tuple[CustomerId, CustomerId]]) -> None:
    """Give each absorbed customer's memberships to the one kept: (kept, absorbed), in order."""
    write_rows(connection, _MOVE, list(merges))


def forget(connection: Connection, customer_ids: Sequence[CustomerId], key_of: Mapping[str, str], now_us: int) -> int:
    """Forget customers, and leave what is needed to have them taken out elsewhere; return how many rows went.

    Parameters
    ----------
    key_of
        Of each destination that is told of changes, the column by which it knows its members. Of the others nothing
        is left: their next file is simply without them.

    """
    left = []
    for destination_id, member_key, told in rows_among(connection, _THEIRS, customer_ids):
        column = key_of.get(destination_id)
        if column is not None:
            values = {name: value if name == column else "" for name, value in _decode(told).items()}
            left.append((member_key, destination_id, _encode(values).decode(), now_us))
    write_rows(connection, _LEAVE_REMOVAL, left)
    return delete_among(connection, _FORGET, customer_ids)


def last_sync(connection: Connection, destination_id: str) -> Sync | None:
    """Return the newest run."""
    row = connection.execute(_LAST, {"destination_id": destination_id}).first()
    return None if row is None else _sync(row)


def syncs(connection: Connection, destination_id: str, *, before: int, rows_max: int) -> list[Sync]:
    """Return runs before a place in the list, the newest first."""
    given = {"destination_id": destination_id, "before": before, "rows": rows_max}
    return [_sync(row) for row in connection.execute(_LIST, given)]


def begin_sync(connection: Connection, destination_id: str, *, run: int, now_us: int, asked: bool) -> None:
    """Begin a run."""
    given = {"destination_id": destination_id, "run": run, "now_us": now_us, "asked": int(asked)}
    connection.execute(_BEGIN, given)


def note_sync(connection: Connection, destination_id: str, run: int, counts: Mapping[str, int]) -> None:
    """Remember who came and went in a run."""
    connection.execute(_NOTE, {"destination_id": destination_id, "run": run, **counts})


def finish_sync(connection: Connection, destination_id: str, run: int, now_us: int) -> None:
    """End a run."""
    connection.execute(_FINISH, {"destination_id": destination_id, "run": run, "now_us": now_us})


def _members(
    connection: Connection, statement: TextClause, destination_id: str, *, run: int, after: str, rows_max: int
) -> list[Member]:
    given = {"destination_id": destination_id, "run": run, "after": after, "rows": rows_max}
    return [_member(row) for row in connection.execute(statement, given)]


def _member(row: Any) -> Member:  # Any: a row of either of two drivers' ways
    return Member(row[0], row[1], _decode(row[2]), row[3], row[4])


def _sync(row: Any) -> Sync:  # Any: as above
    return Sync(*row)._replace(asked=bool(row[8]))
