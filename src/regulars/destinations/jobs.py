"""What is done now and then: old letters, counts and removals let go."""

from __future__ import annotations

from regulars.destinations.service import Destinations
from regulars.kernel.jobs import Job, JobRun

HOUSE_EVERY_S = 3600


def jobs(destinations: Destinations) -> tuple[Job, ...]:
    """Return the jobs."""

    def keep_house(run: JobRun) -> None:
        went = destinations.keep_house()
        run.progress(went, went, f"{went} dead letters let go")

    return (Job("destinations-housekeeping", keep_house, every_s=HOUSE_EVERY_S),)
