"""What is a job, when is it due, and how long does it wait after a failure? Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from regulars.kernel.clock import MICROSECONDS_PER_SECOND
from regulars.kernel.sayings import Saying, Sentence

if TYPE_CHECKING:
    from regulars.kernel.jobs.service import JobRun

BACKOFF_S_MAX = 3600.0


class JobState(StrEnum):
    """Where a run stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to the run."""
        return self in {JobState.DONE, JobState.FAILED, JobState.CANCELLED}


@dataclass(frozen=True, slots=True)
class Job:
    """Work that is done now and then, or when somebody asks.

    Parameters
    ----------
    name
        Unique in the shop, e.g. `"lake-flush"`.
    run
        Does the work. It may be called again from the last checkpoint, so each part must bear being done twice.
    every_s
        Start by itself when the last start is this long ago; None waits until somebody asks.
    retries
        How often a failed run is tried again.
    backoff_s
        Pause before the first retry; doubled for each one after, up to an hour.
    final
        Errors after which another try would say the same: such a run is over, however many tries are left.
    wanted
        Asked before the job starts by itself: False lets it wait, and no run is noted. None means always.

    """

    name: str
    run: Callable[[JobRun], None]
    every_s: float | None = None
    retries: int = 3
    backoff_s: float = 10.0
    final: tuple[type[Exception], ...] = ()
    wanted: Callable[[], bool] | None = None

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("A job needs a name.")
        if self.every_s is not None and self.every_s <= 0:
            raise ValueError(f"A job starts by itself after more than 0 seconds, got {self.every_s}.")
        if self.retries < 0 or self.backoff_s < 0:
            raise ValueError(f"Retries and backoff_s are at least 0, got {self.retries} and {self.backoff_s}.")

    def retry_us(self, now_us: int, *, attempt: int) -> int | None:
        """Return when a run whose attempt number `attempt` (from 1) failed is tried again; None for never.

        >>> Job("train", print, retries=2, backoff_s=10).retry_us(0, attempt=2)
        20000000
        >>> Job("train", print, retries=2).retry_us(0, attempt=3) is None
        True
        """
        if attempt > self.retries:
            return None
        pause_s = min(self.backoff_s * 2.0 ** (attempt - 1), BACKOFF_S_MAX)
        return now_us + round(pause_s * MICROSECONDS_PER_SECOND)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run leaves its holder's hands: it is over, or waits until `due_us` for another try."""

    state: JobState
    now_us: int
    attempt: int
    due_us: int | None = None
    error: Sentence | None = None


class JobProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a run is: `done` of `total` (None when nobody knows the end), and what it is at."""

    done: int = 0
    total: int | None = None
    note: str = ""


class JobRunStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a job as the console sees it."""

    job_run_id: str
    job: str
    state: JobState
    progress: JobProgress
    attempt: int
    queued_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    error: str | None
    error_said: Saying | None = None
