"""The rows of `kernel_job_runs`: what waits, what runs and who holds it, what is over."""

from __future__ import annotations

from typing import Any  # Any: arguments and checkpoints are whatever a job keeps, as JSON

import msgspec
from sqlalchemy import Connection, Row, text

from regulars.kernel.clock import moment
from regulars.kernel.database import Migration
from regulars.kernel.jobs.core import Ending, JobProgress, JobRunStatus, JobState
from regulars.kernel.sayings import read, text_of, written

MIGRATIONS = (
    Migration(
        "kernel",
        1,
        (
            """CREATE TABLE kernel_job_runs (
                job_run_id TEXT PRIMARY KEY, job TEXT NOT NULL, state TEXT NOT NULL, args {json} NOT NULL,
                checkpoint {json}, attempt INTEGER NOT NULL DEFAULT 0, due_us BIGINT NOT NULL,
                queued_us BIGINT NOT NULL, started_us BIGINT, finished_us BIGINT,
                done BIGINT NOT NULL DEFAULT 0, total BIGINT, note TEXT NOT NULL DEFAULT '', error TEXT,
                holder TEXT, lease_until_us BIGINT, cancel_wanted INTEGER NOT NULL DEFAULT 0)""",
            # the database itself keeps the promise that a job has at most one run at a time
            "CREATE UNIQUE INDEX kernel_job_runs_one ON kernel_job_runs (job) WHERE state = 'running'",
            "CREATE INDEX kernel_job_runs_due ON kernel_job_runs (state, due_us)",
            "CREATE INDEX kernel_job_runs_by_job ON kernel_job_runs (job, queued_us)",
        ),
    ),
    # Which sentence an error is, for whoever says it in another language.
    Migration("kernel", 2, ("ALTER TABLE kernel_job_runs ADD COLUMN error_said TEXT NOT NULL DEFAULT ''",)),
)
DERIVED_TABLES: tuple[str, ...] = ()

_COLUMNS = (
    "job_run_id, job, state, args, checkpoint, attempt, due_us, queued_us, started_us, finished_us, "
    "done, total, note, error, error_said, holder, cancel_wanted"
)
# Queue a run.
_ADD = text(
    "INSERT INTO kernel_job_runs (job_run_id, job, state, args, due_us, queued_us) "
    "VALUES (:job_run_id, :job, 'queued', :args, :now_us, :now_us)"
)
# Does a run with these arguments wait already?
_WAITING = text("SELECT job_run_id FROM kernel_job_runs WHERE job = :job AND state = 'queued' AND args = :args LIMIT 1")
# When was the job last asked for, and is a run of it still to come or under way?
_LAST = text(
    "SELECT MAX(queued_us) AS last_us, COALESCE(SUM(CASE WHEN state IN ('queued', 'running') THEN 1 ELSE 0 END), 0) "
    "AS live FROM kernel_job_runs WHERE job = :job"
)
# Which runs may start now, oldest first?
_DUE = text(
    f"SELECT {_COLUMNS} FROM kernel_job_runs q WHERE state = 'queued' AND due_us <= :now_us AND NOT EXISTS "
    "(SELECT 1 FROM kernel_job_runs r WHERE r.job = q.job AND r.state = 'running') "
    "ORDER BY due_us, job_run_id LIMIT 100"
)
# Take a run, unless somebody else has taken it or another one of its job.
_CLAIM = text(
    "UPDATE kernel_job_runs SET state = 'running', holder = :holder, lease_until_us = :lease_until_us, "
    "attempt = attempt + 1, started_us = COALESCE(started_us, :now_us), error = NULL "
    "WHERE job_run_id = :job_run_id AND state = 'queued' AND NOT EXISTS "
    "(SELECT 1 FROM kernel_job_runs r WHERE r.job = :job AND r.state = 'running')"
)
# Keep hold of a run; touches nothing when it is no longer ours.
_RENEW = text(
    "UPDATE kernel_job_runs SET lease_until_us = :lease_until_us "
    "WHERE job_run_id = :job_run_id AND state = 'running' AND holder = :holder"
)
_PROGRESS = text(
    "UPDATE kernel_job_runs SET lease_until_us = :lease_until_us, done = :done, total = :total, note = :note "
    "WHERE job_run_id = :job_run_id AND state = 'running' AND holder = :holder"
)
_CHECKPOINT = text(
    "UPDATE kernel_job_runs SET lease_until_us = :lease_until_us, checkpoint = :checkpoint, attempt = 1 "
    "WHERE job_run_id = :job_run_id AND state = 'running' AND holder = :holder"
)
_CANCEL_WANTED = text("SELECT cancel_wanted FROM kernel_job_runs WHERE job_run_id = :job_run_id")
# Which runs were left by a process that is gone?
_LEFT = text(f"SELECT {_COLUMNS} FROM kernel_job_runs WHERE state = 'running' AND lease_until_us < :now_us")
# A run ends, or waits again; only its holder may say so.
_END = text(
    "UPDATE kernel_job_runs SET state = :state, error = :error, error_said = :said, due_us = :due_us, "
    "finished_us = :finished_us, attempt = :attempt, holder = NULL, lease_until_us = NULL "
    "WHERE job_run_id = :job_run_id AND state = 'running' AND holder = :holder"
)
_CANCEL_QUEUED = text(
    "UPDATE kernel_job_runs SET state = 'cancelled', finished_us = :now_us "
    "WHERE job_run_id = :job_run_id AND state = 'queued'"
)
_CANCEL_RUNNING = text(
    "UPDATE kernel_job_runs SET cancel_wanted = 1 WHERE job_run_id = :job_run_id AND state = 'running'"
)
_ONE = text(f"SELECT {_COLUMNS} FROM kernel_job_runs WHERE job_run_id = :job_run_id")
# The newest runs, of one job or of all, after a place in the list.
_LIST = text(
    f"SELECT {_COLUMNS} FROM kernel_job_runs WHERE (:job = '' OR job = :job) AND (queued_us < :before_us OR "
    "(queued_us = :before_us AND job_run_id < :before_id)) ORDER BY queued_us DESC, job_run_id DESC LIMIT :limit"
)
# Forget all but the newest finished runs of a job.
_FORGET = text(
    "DELETE FROM kernel_job_runs WHERE job = :job AND state IN ('done', 'failed', 'cancelled') AND job_run_id NOT IN "
    "(SELECT job_run_id FROM kernel_job_runs WHERE job = :job AND state IN ('done', 'failed', 'cancelled') "
    "ORDER BY queued_us DESC, job_run_id DESC LIMIT :keep)"
)

FAR_FUTURE_US = 2**62


def add(connection: Connection, *, job_run_id: str, job: str, args: dict[str, Any], now_us: int) -> str:
    """Queue a run and return its id; one that waits already with the same arguments is returned instead."""
    body = {"job": job, "args": msgspec.json.encode(args, order="sorted").decode()}
    waiting = connection.execute(_WAITING, body).scalar()
    if waiting is not None:
        return str(waiting)
    connection.execute(_ADD, {**body, "job_run_id": job_run_id, "now_us": now_us})
    return job_run_id


def last_queued(connection: Connection, job: str) -> tuple[int | None, bool]:
    """Return when the job was last queued, and whether a run of it waits or runs."""
    row = connection.execute(_LAST, {"job": job}).one()
    return row.last_us, row.live > 0


def due(connection: Connection, now_us: int) -> list[Row[Any]]:
    """Return the runs that may start."""
    return list(connection.execute(_DUE, {"now_us": now_us}))


def claim(connection: Connection, row: Row[Any], *, holder: str, now_us: int, lease_until_us: int) -> bool:
    """Take a run; False when somebody was faster."""
    given = {"job_run_id": row.job_run_id, "job": row.job, "holder": holder, "now_us": now_us}
    return connection.execute(_CLAIM, {**given, "lease_until_us": lease_until_us}).rowcount == 1


def renew(connection: Connection, job_run_id: str, *, holder: str, lease_until_us: int) -> bool:
    """Keep hold of a run; False when it is no longer ours."""
    given = {"job_run_id": job_run_id, "holder": holder, "lease_until_us": lease_until_us}
    return connection.execute(_RENEW, given).rowcount == 1


def save_progress(
    connection: Connection, job_run_id: str, *, holder: str, lease_until_us: int, progress: JobProgress
) -> bool:
    """Write how far a run is; False when it is no longer ours."""
    given = {"job_run_id": job_run_id, "holder": holder, "lease_until_us": lease_until_us}
    return connection.execute(_PROGRESS, {**given, **msgspec.structs.asdict(progress)}).rowcount == 1


def save_checkpoint(
    connection: Connection, job_run_id: str, *, holder: str, lease_until_us: int, checkpoint: object
) -> bool:
    """Write where a run can be taken up again; False when it is no longer ours."""
    given = {"job_run_id": job_run_id, "holder": holder, "lease_until_us": lease_until_us}
    body = msgspec.json.encode(checkpoint).decode()
    return connection.execute(_CHECKPOINT, {**given, "checkpoint": body}).rowcount == 1


def cancel_wanted(connection: Connection, job_run_id: str) -> bool:
    """Return whether somebody asked for the end of a run."""
    return bool(connection.execute(_CANCEL_WANTED, {"job_run_id": job_run_id}).scalar())


def left_behind(connection: Connection, now_us: int) -> list[Row[Any]]:
    """Return the runs whose holder has not been heard of in time."""
    return list(connection.execute(_LEFT, {"now_us": now_us}))


def end(connection: Connection, job_run_id: str, ending: Ending, *, holder: str) -> bool:
    """End a run, or let it wait for another try; False when it is no longer the holder's."""
    given = {
        "job_run_id": job_run_id,
        "holder": holder,
        "state": ending.state.value,
        "error": None if ending.error is None else text_of(ending.error),
        "said": written(ending.error),
        "attempt": ending.attempt,
        "due_us": ending.now_us if ending.due_us is None else ending.due_us,
        "finished_us": ending.now_us if ending.state.is_over else None,
    }
    return connection.execute(_END, given).rowcount == 1


def cancel(connection: Connection, job_run_id: str, now_us: int) -> None:
    """End a waiting run at once; ask a running one to stop."""
    if connection.execute(_CANCEL_QUEUED, {"job_run_id": job_run_id, "now_us": now_us}).rowcount == 0:
        connection.execute(_CANCEL_RUNNING, {"job_run_id": job_run_id})


def one(connection: Connection, job_run_id: str) -> Row[Any] | None:
    """Return the row of a run."""
    return connection.execute(_ONE, {"job_run_id": job_run_id}).first()


def newest(connection: Connection, *, job: str, before: tuple[int, str], limit: int) -> list[Row[Any]]:
    """Return runs from the newest on, after a place in the list."""
    given = {"job": job, "before_us": before[0], "before_id": before[1], "limit": limit}
    return list(connection.execute(_LIST, given))


def forget_old(connection: Connection, job: str, *, keep: int) -> None:
    """Drop all but the newest finished runs of a job."""
    connection.execute(_FORGET, {"job": job, "keep": keep})


def status_of(row: Row[Any]) -> JobRunStatus:
    """Return a row as the console sees it."""
    return JobRunStatus(
        job_run_id=row.job_run_id,
        job=row.job,
        state=JobState(row.state),
        progress=JobProgress(done=row.done, total=row.total, note=row.note),
        attempt=row.attempt,
        queued_at=moment(row.queued_us),
        started_at=None if row.started_us is None else moment(row.started_us),
        finished_at=None if row.finished_us is None else moment(row.finished_us),
        error=row.error,
        error_said=None if row.error is None else read(row.error_said),
    )
