"""What is done with many letters at once, in the background."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any  # Any: arguments of a job are JSON

import msgspec

from regulars.events.letters.core import Operation, Wanted
from regulars.kernel.jobs import Job, JobRun

if TYPE_CHECKING:
    from regulars.events.letters.service import Letters

RETRY_JOB = "letters.retry"


def jobs(letters: Letters) -> list[Job]:
    """Return the jobs of the dead letters."""

    def retry(run: JobRun) -> None:
        wanted = msgspec.convert(run.args["wanted"], type=Wanted)
        letters.retry_many(wanted, msgspec.convert(run.args["patch"], type=list[Operation]), run)

    return [Job(RETRY_JOB, retry)]


def arguments(wanted: Wanted, patch: Sequence[Operation]) -> dict[str, Any]:
    """Return the arguments of a run that sends the letters of a query again."""
    return {"wanted": msgspec.to_builtins(wanted), "patch": msgspec.to_builtins(list(patch))}
