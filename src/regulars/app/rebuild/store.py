"""The rows of `rebuilds_history`: which rebuild is under way or paused, and which there were."""

from __future__ import annotations

from typing import Any  # Any: rows as the driver gives them

import msgspec
from sqlalchemy import Connection, Row, text

from regulars.app.rebuild.core import UNFINISHED, RebuildReport, State
from regulars.kernel.bulk import write_rows
from regulars.kernel.database import Migration
from regulars.kernel.sayings import Sentence, text_of, written

ROWS_A_READ = 10_000

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        "rebuilds",
        1,
        (
            # `token` names what is built, `program` whose rules it is built by; `begun` once its tables are there.
            """CREATE TABLE rebuilds_history (
                rebuild_id TEXT NOT NULL PRIMARY KEY, token TEXT NOT NULL, program TEXT NOT NULL,
                parts {json} NOT NULL, state TEXT NOT NULL, begun SMALLINT NOT NULL DEFAULT 0,
                started_us BIGINT NOT NULL, changed_us BIGINT NOT NULL, finished_us BIGINT,
                done BIGINT NOT NULL DEFAULT 0, total BIGINT NOT NULL DEFAULT 0, events BIGINT NOT NULL DEFAULT 0,
                from_history BIGINT NOT NULL DEFAULT 0, seconds DOUBLE PRECISION NOT NULL DEFAULT 0,
                step TEXT NOT NULL DEFAULT '', error TEXT, report {json})""",
            "CREATE INDEX rebuilds_history_by_time ON rebuilds_history (started_us)",
        ),
    ),
    # Which sentence an error is, for whoever says it in another language.
    Migration("rebuilds", 2, ("ALTER TABLE rebuilds_history ADD COLUMN error_said TEXT NOT NULL DEFAULT ''",)),
)
DERIVED_TABLES: tuple[str, ...] = ()

_COLUMNS = (
    "rebuild_id, token, program, parts, state, begun, started_us, changed_us, finished_us, done, total, events, "
    "from_history, seconds, step, error, error_said, report"
)
_ADD = text("""
INSERT INTO rebuilds_history (rebuild_id, token, program, parts, state, started_us, changed_us)
VALUES (:rebuild_id, :token, :program, :parts, 'running', :now_us, :now_us)""")
# Which rebuild is not over?
_UNFINISHED = text(
    f"SELECT {_COLUMNS} FROM rebuilds_history WHERE state IN ({', '.join(map(repr, UNFINISHED))}) "
    "ORDER BY started_us DESC LIMIT 1"
)
_ONE = text(f"SELECT {_COLUMNS} FROM rebuilds_history WHERE rebuild_id = :rebuild_id")
# Which rebuilds were there, the newest first, after a place in the list?
_LIST = text(
    f"SELECT {_COLUMNS} FROM rebuilds_history WHERE started_us < :before_us OR "
    "(started_us = :before_us AND rebuild_id < :before_id) ORDER BY started_us DESC, rebuild_id DESC LIMIT :limit"
)
_BEGUN = text("UPDATE rebuilds_history SET begun = 1, program = :program WHERE rebuild_id = :rebuild_id")
_PROGRESS = text("""
UPDATE rebuilds_history SET state = 'running', error = NULL, changed_us = :now_us, done = :done, total = :total,
    events = :events, from_history = :from_history, seconds = :seconds, step = :step WHERE rebuild_id = :rebuild_id""")
_END = text("""
UPDATE rebuilds_history SET state = :state, changed_us = :now_us, finished_us = :finished_us, error = :error,
    error_said = :said, report = COALESCE(:report, report) WHERE rebuild_id = :rebuild_id""")


class Progress(msgspec.Struct, kw_only=True):
    """How far a rebuild is, over all its sittings."""

    done: int = 0
    total: int = 0
    events: int = 0
    from_history: int = 0
    seconds: float = 0.0
    step: str = ""


def add(connection: Connection, *, rebuild_id: str, token: str, program: str, parts: list[str], now_us: int) -> None:
    """Note a new rebuild."""
    values = {"rebuild_id": rebuild_id, "token": token, "program": program, "now_us": now_us}
    connection.execute(_ADD, {**values, "parts": msgspec.json.encode(parts).decode()})


def unfinished(connection: Connection) -> Row[Any] | None:
    """Return the rebuild that is not over."""
    return connection.execute(_UNFINISHED).first()


def one(connection: Connection, rebuild_id: str) -> Row[Any] | None:
    """Return a rebuild."""
    return connection.execute(_ONE, {"rebuild_id": rebuild_id}).first()


def newest(connection: Connection, *, before: tuple[int, str], limit: int) -> list[Row[Any]]:
    """Return rebuilds, the newest first."""
    return list(connection.execute(_LIST, {"before_us": before[0], "before_id": before[1], "limit": limit}))


def count(connection: Connection, table: str) -> int:
    """Return how many rows a table of ours has."""
    return int(connection.exec_driver_sql(f'SELECT COUNT(*) FROM "{table}"').scalar_one())


def carry_minutes(old: Connection, new: Connection, table: str, through: int) -> None:
    """Take the rows of the minutes through one over from the old state, in place of the new one's."""
    new.exec_driver_sql(f'DELETE FROM "{table}" WHERE minute <= {through:d}')
    _carry(old, new, table, f"WHERE minute <= {through:d}")


def carry_whole(old: Connection, new: Connection, table: str) -> None:
    """Take a table over as it is."""
    new.exec_driver_sql(f'DELETE FROM "{table}"')
    _carry(old, new, table, "")


def carry_missing(old: Connection, new: Connection, table: str, key: str) -> None:
    """Take the rows over that the new state does not have."""
    known = set(new.exec_driver_sql(f'SELECT {key} FROM "{table}"').scalars())
    found = old.exec_driver_sql(f'SELECT * FROM "{table}"')
    place = list(found.keys()).index(key)
    _write(new, table, list(found.keys()), [tuple(row) for row in found if row[place] not in known])


def _carry(old: Connection, new: Connection, table: str, condition: str) -> None:
    found = old.exec_driver_sql(f'SELECT * FROM "{table}" {condition}')
    names = list(found.keys())
    for part in found.partitions(ROWS_A_READ):
        _write(new, table, names, [tuple(row) for row in part])


def _write(new: Connection, table: str, names: list[str], rows: list[tuple[object, ...]]) -> None:
    write_rows(new, f'INSERT INTO "{table}" ({", ".join(names)}) VALUES ({", ".join("?" * len(names))})', rows)


def set_begun(connection: Connection, rebuild_id: str, program: str) -> None:
    """Note that its tables are there, and whose rules fill them."""
    connection.execute(_BEGUN, {"rebuild_id": rebuild_id, "program": program})


def set_progress(connection: Connection, rebuild_id: str, progress: Progress, now_us: int) -> None:
    """Note how far it is."""
    connection.execute(_PROGRESS, {"rebuild_id": rebuild_id, "now_us": now_us, **msgspec.structs.asdict(progress)})


def end(
    connection: Connection,
    rebuild_id: str,
    *,
    state: State,
    now_us: int,
    error: Sentence | None = None,
    report: RebuildReport | None = None,
) -> None:
    """Note how it ended, or that it rests."""
    values = {
        "rebuild_id": rebuild_id,
        "state": state,
        "now_us": now_us,
        "finished_us": None if state in UNFINISHED else now_us,
        "error": None if error is None else text_of(error),
        "said": written(error),
        "report": msgspec.json.encode(report).decode() if report else None,
    }
    connection.execute(_END, values)
