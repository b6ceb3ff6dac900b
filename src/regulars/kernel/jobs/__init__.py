"""Work that is done now and then, or when somebody asks: scheduled, retried, resumable, visible."""

from regulars.kernel.jobs.core import Job, JobProgress, JobRunStatus, JobState
from regulars.kernel.jobs.service import JobRun, Jobs, JobStopped
from regulars.kernel.jobs.store import MIGRATIONS

__all__ = ["MIGRATIONS", "Job", "JobProgress", "JobRun", "JobRunStatus", "JobState", "JobStopped", "Jobs"]
