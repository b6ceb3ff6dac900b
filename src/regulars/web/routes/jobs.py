"""Long work: what runs, how far it is, and stopping it."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, get, post
from litestar.params import Parameter

from regulars.kernel.http import Role, needs, page_limit
from regulars.kernel.jobs import JobRunStatus, Jobs


class JobsController(Controller):
    """Runs of jobs."""

    path = "/v1/jobs"
    tags = ("Jobs",)

    @get(operation_id="listJobs", summary="What runs, and what ran?", opt=needs(Role.VIEWER), sync_to_thread=True)
    def list_jobs(
        self, jobs: Jobs, job: str = "", limit: Annotated[int | None, Parameter(ge=1, le=200)] = None
    ) -> list[JobRunStatus]:
        """Return the newest runs, of one job if you like."""
        return jobs.list_runs(job=job, limit=page_limit(limit)).items

    @get(
        "/{job_run_id:str}",
        operation_id="getJob",
        summary="How far is this run?",
        opt=needs(Role.VIEWER),
        sync_to_thread=True,
    )
    def get_job(self, job_run_id: str, jobs: Jobs) -> JobRunStatus:
        """Return one run."""
        return jobs.find(job_run_id)

    @post(
        "/{job_run_id:str}/cancel",
        operation_id="cancelJob",
        summary="Stop a run",
        opt=needs(Role.MARKETER, audited_as="job_cancelled"),
        status_code=200,
        sync_to_thread=True,
    )
    def cancel_job(self, job_run_id: str, jobs: Jobs) -> JobRunStatus:
        """End a waiting run, or ask a running one to stop at its next step."""
        return jobs.cancel(job_run_id)
