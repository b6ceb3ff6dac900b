"""Work that is done now and then: trained, flushed, compacted, imported, erased.

A run is a row that a process takes by a lease and renews while it works. When the process dies, the lease runs out and
another takes the run up from its last checkpoint. A job never has two runs at a time, whatever the processes do.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any  # Any: arguments and checkpoints are whatever a job keeps, as JSON

import msgspec
from sqlalchemy import Connection, Row
from sqlalchemy.exc import IntegrityError

from regulars.kernel.clock import MICROSECONDS_PER_SECOND, Clock
from regulars.kernel.database import Database
from regulars.kernel.errors import NotFoundError, RegularsError, nearest
from regulars.kernel.http import Page, decode_cursor, page_of
from regulars.kernel.ids import new_id
from regulars.kernel.jobs import store
from regulars.kernel.jobs.core import Ending, Job, JobProgress, JobRunStatus, JobState
from regulars.kernel.sayings import Sentence, said

LEASE_S = 30  # a process that dies is noticed within this time
RUNS_KEPT = 200  # finished runs kept per job, for the console
WHY_CHARACTERS_MAX = 480
PROGRESS_EVERY_US = 250_000  # more often than four times a second nobody can read it

_WENT_AWAY = said("job_went_away", "The process that ran it went away.")
_log = logging.getLogger(__name__)


class JobStopped(Exception):  # noqa: N818 (not an error: somebody asked for it)
    """Raised inside a run by `progress` or `checkpoint`: cancelled, shutting down, or no longer ours."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class JobRun:
    """One run, in the hands of the function that does the work."""

    def __init__(self, jobs: Jobs, row: Row[Any], stop: threading.Event) -> None:
        self._jobs = jobs
        self._stop = stop
        self._shown_us = -PROGRESS_EVERY_US
        self.job_run_id: str = row.job_run_id
        self.args: dict[str, Any] = msgspec.json.decode(row.args)
        self.attempt: int = row.attempt + 1
        self.state: Any = msgspec.json.decode(row.checkpoint) if row.checkpoint else None
        self.last_progress = JobProgress(done=row.done, total=row.total, note=row.note)

    def progress(self, done: int, total: int | None = None, note: str = "") -> None:
        """Tell how far the work is, and notice when it is to stop; cheap enough for every step.

        Raises
        ------
        JobStopped
            When the run was cancelled, the process is shutting down, or another process has taken the run over.

        """
        self._stop_if_asked()
        self.last_progress = JobProgress(done=done, total=total, note=note)
        now_us = self._jobs.clock.now_us()
        is_last = total is not None and done >= total
        if is_last or now_us - self._shown_us >= PROGRESS_EVERY_US:
            self._shown_us = now_us
            self._jobs.keep(self.job_run_id, self.last_progress)

    def checkpoint(self, state: object, connection: Connection | None = None) -> None:
        """Keep where the work can be taken up again; in the transaction of `connection` when one is given.

        Tries are counted anew from here: long work that gets further each time is not given up, however often its
        process dies.

        Raises
        ------
        JobStopped
            As for `progress`.

        """
        self._stop_if_asked()
        self._jobs.keep_checkpoint(self.job_run_id, state, connection)
        self.state = state
        self.attempt = 1

    def _stop_if_asked(self) -> None:
        if self._stop.is_set():
            raise JobStopped("shutting down")


class Jobs:
    """The jobs of a shop: define them, start them, run what is due, see how far they are."""

    def __init__(self, database: Database, clock: Clock, *, lease_s: float = LEASE_S) -> None:
        self.clock = clock
        self._database = database
        self._jobs: dict[str, Job] = {}
        self._lease_us = round(lease_s * MICROSECONDS_PER_SECOND)
        self._heartbeat_s = lease_s / 3
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"

    def define(self, job: Job) -> None:
        """Make a job known to this process; a name may be defined once."""
        if job.name in self._jobs:
            raise ValueError(f"The job {job.name!r} is defined already.")
        self._jobs[job.name] = job

    def names(self) -> list[str]:
        """Return the names of all jobs, sorted."""
        return sorted(self._jobs)

    def start(self, name: str, args: Mapping[str, Any] | None = None) -> str:
        """Queue a run and return its id; one that waits already with the same arguments is returned instead.

        Raises
        ------
        NotFoundError
            When there is no such job.

        """
        self._job(name)
        now_us = self.clock.now_us()
        with self._database.write() as connection:
            return store.add(connection, job_run_id=new_id(now_us), job=name, args=dict(args or {}), now_us=now_us)

    def cancel(self, job_run_id: str) -> JobRunStatus:
        """End a waiting run, or ask a running one to stop at its next step; a finished one stays as it is."""
        with self._database.write() as connection:
            store.cancel(connection, job_run_id, self.clock.now_us())
        return self.find(job_run_id)

    def find(self, job_run_id: str) -> JobRunStatus:
        """Return one run.

        Raises
        ------
        NotFoundError
            When there is none with this id.

        """
        with self._database.read() as connection:
            row = store.one(connection, job_run_id)
        if row is None:
            raise NotFoundError(f"No run of a job has the id {job_run_id!r}. Old runs are forgotten.")
        return store.status_of(row)

    def list_runs(self, *, job: str = "", cursor: str | None = None, limit: int = 50) -> Page[JobRunStatus]:
        """Return the newest runs first, of one job or of all."""
        before = decode_cursor(cursor, tuple[int, str]) or (store.FAR_FUTURE_US, "")
        with self._database.read() as connection:
            rows = store.newest(connection, job=job, before=before, limit=limit + 1)
        return page_of(rows, limit=limit, place_of=lambda row: (row.queued_us, row.job_run_id), item_of=store.status_of)

    def run_due(self, stop: threading.Event | None = None) -> int:
        """Run everything that is due, one after another, and return how many runs were begun."""
        stop = stop or threading.Event()
        self._recover()
        self._queue_scheduled()
        with self._database.read() as connection:
            rows = store.due(connection, self.clock.now_us())
        begun = 0
        for row in rows:
            if not stop.is_set() and row.job in self._jobs and self._claim(row):
                begun += 1
                self._run(row, stop)
        return begun

    def run(self, stop: threading.Event, *, poll_s: float = 0.5) -> None:
        """Run what is due until `stop` is set; what is under way then goes back to the queue."""
        waiting = False
        while not stop.is_set():
            try:
                begun = self.run_due(stop)
                waiting = False
            except RegularsError as error:
                _log.log(logging.DEBUG if waiting else logging.WARNING, "jobs wait: %s", error)  # said once
                begun, waiting = 0, True
            if begun == 0:
                stop.wait(poll_s)

    def keep(self, job_run_id: str, progress: JobProgress) -> None:
        """Write how far a run is and renew its lease; for `JobRun`."""
        with self._database.write() as connection:
            ours = store.save_progress(
                connection,
                job_run_id,
                holder=self._holder,
                lease_until_us=self.clock.now_us() + self._lease_us,
                progress=progress,
            )
            cancelled = ours and store.cancel_wanted(connection, job_run_id)
        _stop_unless(ours=ours, cancelled=cancelled)

    def keep_checkpoint(self, job_run_id: str, state: object, connection: Connection | None) -> None:
        """Write where a run can be taken up again and renew its lease; for `JobRun`."""
        if connection is None:
            with self._database.write() as own:
                self.keep_checkpoint(job_run_id, state, own)
            return
        until_us = self.clock.now_us() + self._lease_us
        ours = store.save_checkpoint(
            connection, job_run_id, holder=self._holder, lease_until_us=until_us, checkpoint=state
        )
        _stop_unless(ours=ours, cancelled=ours and store.cancel_wanted(connection, job_run_id))

    def _job(self, name: str) -> Job:
        if name not in self._jobs:
            raise NotFoundError(f"No job is named {name!r}.{nearest(name, self.names())}")
        return self._jobs[name]

    def _recover(self) -> None:
        now_us = self.clock.now_us()
        with self._database.read() as connection:
            if not store.left_behind(connection, now_us):
                return
        with self._database.write() as connection:
            for row in store.left_behind(connection, now_us):
                _log.warning("job %s was left behind by %s", row.job, row.holder)
                ending = self._next_try(row, attempt=row.attempt, error=_WENT_AWAY)
                store.end(connection, row.job_run_id, ending, holder=row.holder)

    def _queue_scheduled(self) -> None:
        now_us = self.clock.now_us()
        wanted = {
            name: round(job.every_s * MICROSECONDS_PER_SECOND)
            for name, job in self._jobs.items()
            if job.every_s is not None
        }
        with self._database.read() as connection:
            due = [name for name, every_us in wanted.items() if _is_due(connection, name, every_us, now_us)]
        due = [name for name in due if self._is_wanted(self._jobs[name])]
        if not due:
            return
        with self._database.write() as connection:
            for name in due:
                if _is_due(connection, name, wanted[name], now_us):
                    store.add(connection, job_run_id=new_id(now_us), job=name, args={}, now_us=now_us)

    def _is_wanted(self, job: Job) -> bool:
        return job.wanted is None or job.wanted()

    def _claim(self, row: Row[Any]) -> bool:
        now_us = self.clock.now_us()
        try:
            with self._database.write() as connection:
                return store.claim(
                    connection,
                    row,
                    holder=self._holder,
                    now_us=now_us,
                    lease_until_us=now_us + self._lease_us,
                )
        except IntegrityError:  # PostgreSQL: two claims of one job crossed, and the index let one through
            return False

    def _run(self, row: Row[Any], stop: threading.Event) -> None:
        run = JobRun(self, row, stop)
        try:
            with self._held(run.job_run_id):
                self._jobs[row.job].run(run)
        except JobStopped as stopped:
            self._after_stop(run, row, stopped.why)
        except Exception as error:  # whatever the work raises is the run's failure, never the shop's
            _log.exception("job %s failed", row.job)
            again = not isinstance(error, self._jobs[row.job].final)
            ending = self._next_try(row, attempt=run.attempt, error=_reason(error), again=again)
            with self._database.write() as connection:
                store.end(connection, run.job_run_id, ending, holder=self._holder)
        else:
            self._finish(run, row, JobState.DONE)

    def _after_stop(self, run: JobRun, row: Row[Any], why: str) -> None:
        if why == "cancelled":
            self._finish(run, row, JobState.CANCELLED)
        elif why == "shutting down":  # being stopped is no failed attempt, so the number stays as it was
            ending = Ending(JobState.QUEUED, self.clock.now_us(), min(row.attempt, run.attempt - 1))
            with self._database.write() as connection:
                store.end(connection, run.job_run_id, ending, holder=self._holder)

    def _finish(self, run: JobRun, row: Row[Any], state: JobState) -> None:
        ending = Ending(state, self.clock.now_us(), run.attempt)
        with self._database.write() as connection:
            store.save_progress(
                connection,
                run.job_run_id,
                holder=self._holder,
                lease_until_us=ending.now_us,
                progress=run.last_progress,
            )
            store.end(connection, run.job_run_id, ending, holder=self._holder)
            store.forget_old(connection, row.job, keep=RUNS_KEPT)

    def _next_try(self, row: Row[Any], *, attempt: int, error: Sentence, again: bool = True) -> Ending:
        now_us = self.clock.now_us()
        job = self._jobs.get(row.job)
        due_us = job.retry_us(now_us, attempt=attempt) if job and again else None
        state = JobState.FAILED if due_us is None else JobState.QUEUED
        return Ending(state, now_us, attempt, due_us, error)

    @contextmanager
    def _held(self, job_run_id: str) -> Iterator[None]:
        over = threading.Event()

        def renew() -> None:
            while not over.wait(self._heartbeat_s):
                try:
                    with self._database.write() as connection:
                        until_us = self.clock.now_us() + self._lease_us
                        if not store.renew(connection, job_run_id, holder=self._holder, lease_until_us=until_us):
                            return
                except RegularsError as error:  # the lease outlives a short absence of the database
                    _log.warning("the lease of job run %s was not renewed: %s", job_run_id, error)

        thread = threading.Thread(target=renew, name="job-lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def _is_due(connection: Connection, name: str, every_us: int, now_us: int) -> bool:
    last_us, live = store.last_queued(connection, name)
    return not live and (last_us is None or now_us - last_us >= every_us)


def _stop_unless(*, ours: bool, cancelled: bool) -> None:
    if not ours:
        raise JobStopped("taken over")
    if cancelled:
        raise JobStopped("cancelled")


def _reason(error: Exception) -> Sentence:
    if isinstance(error, RegularsError):
        return error.sentence
    first = (str(error).splitlines() or [""])[0]
    return said("job_stumbled", "{kind}: {why}", kind=type(error).__name__, why=first[:WHY_CHARACTERS_MAX])
