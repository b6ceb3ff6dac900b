"""What waits to be written, and which files history consists of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any  # Any: rows as the driver gives them

import msgspec
from sqlalchemy import Connection, Row, bindparam, text

from regulars.kernel.database import Migration
from regulars.lake.core import LakeFile, LakeRow

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        "lake",
        1,
        (
            """CREATE TABLE lake_pending (
                seq {serial}, events BIGINT NOT NULL, staged_us BIGINT NOT NULL, body {blob} NOT NULL)""",
            """CREATE TABLE lake_files (
                path TEXT PRIMARY KEY, day TEXT NOT NULL, first_seq BIGINT NOT NULL, last_seq BIGINT NOT NULL,
                events BIGINT NOT NULL, size_bytes BIGINT NOT NULL, written_us BIGINT NOT NULL, delete_us BIGINT)""",
            "CREATE INDEX lake_files_by_day ON lake_files (day)",
        ),
    ),
)
DERIVED_TABLES: tuple[str, ...] = ()

# Keep events until the next flush.
_STAGE = text("INSERT INTO lake_pending (events, staged_us, body) VALUES (:events, :staged_us, :body)")
# How much waits, and since when?
_WAITING = text("SELECT COALESCE(SUM(events), 0) AS events, MIN(staged_us) AS oldest_us FROM lake_pending")
# What waits, oldest first?
_SIZES = text("SELECT seq, events FROM lake_pending ORDER BY seq LIMIT 10000")
_PENDING = text("SELECT seq, events, staged_us, body FROM lake_pending WHERE seq <= :last_seq ORDER BY seq")
_PENDING_ALL = text("SELECT seq, events, staged_us, body FROM lake_pending ORDER BY seq")
# These have been written.
_UNSTAGE = text("DELETE FROM lake_pending WHERE seq <= :last_seq")
_DROP = text("DELETE FROM lake_pending WHERE seq = :seq")
_FILE = "path, day, first_seq, last_seq, events, size_bytes"
_ADD_FILE = text(
    f"INSERT INTO lake_files ({_FILE}, written_us) "
    "VALUES (:path, :day, :first_seq, :last_seq, :events, :size_bytes, :written_us)"
)
# Which files does history consist of?
_LIVE = text(f"SELECT {_FILE} FROM lake_files WHERE delete_us IS NULL ORDER BY day, first_seq, path")
# Which days have small files enough for a merge?
_DAYS = text(
    "SELECT day FROM lake_files WHERE delete_us IS NULL AND events < :events_max "
    "GROUP BY day HAVING COUNT(*) >= :files_min ORDER BY day"
)
# Which of them were written since?
_LIVE_SINCE = text(
    f"SELECT {_FILE} FROM lake_files WHERE delete_us IS NULL AND written_us >= :since_us ORDER BY day, first_seq, path"
)
_LIVE_OF_DAY = text(f"SELECT {_FILE} FROM lake_files WHERE delete_us IS NULL AND day = :day ORDER BY first_seq, path")
# These files are no longer part of history; their bytes may go after `delete_us`.
_RETIRE = text("UPDATE lake_files SET delete_us = :delete_us WHERE delete_us IS NULL AND path IN :paths").bindparams(
    bindparam("paths", expanding=True)
)
# Nobody may wait any longer for their end: they hold what was erased.
_HURRY = text("UPDATE lake_files SET delete_us = 0 WHERE delete_us IS NOT NULL")
_RETIRED = text("SELECT path FROM lake_files WHERE delete_us <= :now_us")
_FORGET_FILE = text("DELETE FROM lake_files WHERE path = :path AND delete_us IS NOT NULL")
_PATHS = text("SELECT path FROM lake_files")
_TOTALS = text(
    "SELECT COUNT(*) AS files, COALESCE(SUM(events), 0) AS events, COALESCE(SUM(size_bytes), 0) AS size_bytes, "
    "MIN(day) AS first_day, MAX(day) AS last_day FROM lake_files WHERE delete_us IS NULL"
)

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[LakeRow]).decode


def stage(connection: Connection, rows: Sequence[LakeRow], now_us: int) -> None:
    """Keep rows until the next flush, as one."""
    connection.execute(_STAGE, {"events": len(rows), "staged_us": now_us, "body": _encode(rows)})


def waiting(connection: Connection) -> tuple[int, int | None]:
    """Return how many events wait, and since when the oldest."""
    row = connection.execute(_WAITING).one()
    return int(row.events), row.oldest_us


def rows_of(pending: Row[Any]) -> list[LakeRow]:
    """Return the rows that were staged together."""
    return _decode(pending.body)


def next_pending(connection: Connection, *, events_max: int) -> list[Row[Any]]:
    """Return what was staged first, up to about `events_max` events, at least one staging."""
    taken = last_seq = 0
    for row in connection.execute(_SIZES):
        if taken and taken + row.events > events_max:
            break
        taken, last_seq = taken + row.events, row.seq
    return list(connection.execute(_PENDING, {"last_seq": last_seq})) if taken else []


def all_pending(connection: Connection) -> list[Row[Any]]:
    """Return everything that waits."""
    return list(connection.execute(_PENDING_ALL))


def unstage(connection: Connection, pending: Sequence[Row[Any]]) -> bool:
    """Take away what was written; False when it is no longer exactly what waits up to there."""
    return connection.execute(_UNSTAGE, {"last_seq": pending[-1].seq}).rowcount == len(pending)


def restage(connection: Connection, staged: Row[Any], rows: Sequence[LakeRow]) -> None:
    """Replace what was staged together, under a new number: a flush that has read the old one must notice."""
    connection.execute(_DROP, {"seq": staged.seq})
    if rows:
        stage(connection, rows, staged.staged_us)


def add_files(connection: Connection, files: Sequence[LakeFile], now_us: int) -> None:
    """Make files part of history."""
    if files:
        connection.execute(_ADD_FILE, [{**msgspec.structs.asdict(file), "written_us": now_us} for file in files])


def live_files(connection: Connection, day: str | None = None) -> list[LakeFile]:
    """Return the files that history consists of, of one day or of all."""
    rows = connection.execute(_LIVE) if day is None else connection.execute(_LIVE_OF_DAY, {"day": day})
    return [LakeFile(**row._mapping) for row in rows]


def live_files_since(connection: Connection, since_us: int) -> list[LakeFile]:
    """Return the files of history that were written since a moment, those of merges too."""
    return [LakeFile(**row._mapping) for row in connection.execute(_LIVE_SINCE, {"since_us": since_us})]


def days_with_small_files(connection: Connection, *, events_max: int, files_min: int) -> list[str]:
    """Return the days that may be worth a merge."""
    given = {"events_max": events_max, "files_min": files_min}
    return list(connection.execute(_DAYS, given).scalars())


def retire(connection: Connection, paths: Sequence[str], *, delete_us: int) -> bool:
    """Take files out of history; False when one of them was not part of it any more."""
    return connection.execute(_RETIRE, {"paths": list(paths), "delete_us": delete_us}).rowcount == len(paths)


def hurry(connection: Connection) -> None:
    """Let the bytes of every retired file go at once."""
    connection.execute(_HURRY)


def retired(connection: Connection, now_us: int) -> list[str]:
    """Return the files whose bytes may go."""
    return list(connection.execute(_RETIRED, {"now_us": now_us}).scalars())


def forget_file(connection: Connection, path: str) -> None:
    """Drop the row of a file whose bytes are gone."""
    connection.execute(_FORGET_FILE, {"path": path})


def known_paths(connection: Connection) -> set[str]:
    """Return the paths of all files that have a row."""
    return set(connection.execute(_PATHS).scalars())


def totals(connection: Connection) -> Row[Any]:
    """Return how much history there is."""
    return connection.execute(_TOTALS).one()
