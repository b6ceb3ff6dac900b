"""The rows of `replays_history`: which replay waits, is under way or rests, and which there were."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any  # Any: rows as the driver gives them

import msgspec
from sqlalchemy import Connection, Row, text

from regulars.app.replay.core import UNFINISHED, Asked, Gone, SpanCount, State
from regulars.kernel.bulk import delete_among
from regulars.kernel.database import Migration
from regulars.kernel.sayings import Sentence, text_of, written

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        "replays",
        1,
        (
            # `gone` says how far it is, `counts` what was counted until there: of one moment, to go on from.
            """CREATE TABLE replays_history (
                replay_id TEXT NOT NULL PRIMARY KEY, asked {json} NOT NULL, state TEXT NOT NULL,
                job_run_id TEXT NOT NULL DEFAULT '', started_us BIGINT NOT NULL, changed_us BIGINT NOT NULL,
                finished_us BIGINT, gone {json}, counts {json}, changed {json}, error TEXT)""",
            "CREATE INDEX replays_history_by_time ON replays_history (started_us)",
        ),
    ),
    # Which sentence an error is, for whoever says it in another language.
    Migration("replays", 2, ("ALTER TABLE replays_history ADD COLUMN error_said TEXT NOT NULL DEFAULT ''",)),
)
DERIVED_TABLES: tuple[str, ...] = ()

_COLUMNS = (
    "replay_id, asked, state, job_run_id, started_us, changed_us, finished_us, gone, counts, changed, error, error_said"
)
_ADD = text("""
INSERT INTO replays_history (replay_id, asked, state, started_us, changed_us)
VALUES (:replay_id, :asked, 'waiting', :now_us, :now_us)""")
_ONE = text(f"SELECT {_COLUMNS} FROM replays_history WHERE replay_id = :replay_id")
# Which replays were there, the newest first, after a place in the list?
_LIST = text(
    f"SELECT {_COLUMNS} FROM replays_history WHERE started_us < :before_us OR "
    "(started_us = :before_us AND replay_id < :before_id) ORDER BY started_us DESC, replay_id DESC LIMIT :limit"
)
# The run may have ended before its id could be noted.
_QUEUED = text("""
UPDATE replays_history SET state = 'waiting', error = NULL, changed_us = :now_us, job_run_id = :run
WHERE replay_id = :replay_id AND finished_us IS NULL""")
_ALL_ASKED = text("SELECT replay_id, asked FROM replays_history")
_FORGET = "DELETE FROM replays_history WHERE replay_id {among}"
_KEEP = text("""
UPDATE replays_history SET state = 'running', error = NULL, changed_us = :now_us, gone = :gone, counts = :counts
WHERE replay_id = :replay_id""")
_STATE = text("""
UPDATE replays_history SET state = :state, changed_us = :now_us, finished_us = :finished_us, error = :error,
    error_said = :said, changed = COALESCE(:changed, changed) WHERE replay_id = :replay_id""")


def add(connection: Connection, *, replay_id: str, asked: Asked, now_us: int) -> None:
    """Note a new replay."""
    values = {"replay_id": replay_id, "asked": msgspec.json.encode(asked).decode(), "now_us": now_us}
    connection.execute(_ADD, values)


def one(connection: Connection, replay_id: str) -> Row[Any] | None:
    """Return a replay."""
    return connection.execute(_ONE, {"replay_id": replay_id}).first()


def newest(connection: Connection, *, before: tuple[int, str], limit: int) -> list[Row[Any]]:
    """Return replays, the newest first."""
    return list(connection.execute(_LIST, {"before_us": before[0], "before_id": before[1], "limit": limit}))


def set_queued(connection: Connection, replay_id: str, job_run_id: str, now_us: int) -> None:
    """Note which run of the job does it."""
    connection.execute(_QUEUED, {"replay_id": replay_id, "run": job_run_id, "now_us": now_us})


def forget(connection: Connection, customer_ids: Collection[str]) -> int:
    """Remove the replays of what these customers did, with what was counted of them; return how many there were."""
    rows = connection.execute(_ALL_ASKED)
    theirs = [row.replay_id for row in rows if asked_of(row).customer_id in customer_ids]
    return delete_among(connection, _FORGET, theirs)


def asked_of(row: Row[Any]) -> Asked:
    """Return what was asked for."""
    return msgspec.json.decode(row.asked, type=Asked)


def keep(connection: Connection, replay_id: str, gone: Gone, counts: list[SpanCount], now_us: int) -> None:
    """Note how far it is, and what was counted until there."""
    values = {"gone": msgspec.json.encode(gone).decode(), "counts": msgspec.json.encode(counts).decode()}
    connection.execute(_KEEP, {"replay_id": replay_id, "now_us": now_us, **values})


def set_state(
    connection: Connection,
    replay_id: str,
    state: State,
    *,
    now_us: int,
    error: Sentence | None = None,
    changed: list[str] | None = None,
) -> None:
    """Note that it begins, rests, failed or is over."""
    values = {
        "replay_id": replay_id,
        "state": state,
        "now_us": now_us,
        "finished_us": None if state in UNFINISHED else now_us,
        "error": None if error is None else text_of(error),
        "said": written(error),
        "changed": None if changed is None else msgspec.json.encode(changed).decode(),
    }
    connection.execute(_STATE, values)
