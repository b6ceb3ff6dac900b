"""What recommend does now and then: learn when asked, learn when it is due, settle yesterday's figures."""

from __future__ import annotations

from regulars.kernel.clock import Clock
from regulars.kernel.database import Database
from regulars.kernel.jobs import Job, JobRun, Jobs
from regulars.recommend.performance import settle
from regulars.recommend.service import Recommend

TRAIN = "recommend-train"
UPKEEP = "recommend-upkeep"
UPKEEP_EVERY_S = 60.0


def define_jobs(jobs: Jobs, recommend: Recommend, *, database: Database, clock: Clock) -> None:
    """Make the room's jobs known."""

    def train(run: JobRun) -> None:
        recommend.train(run.progress)

    def upkeep(_run: JobRun) -> None:
        settle(database, clock)
        if recommend.is_training_due():
            jobs.start(TRAIN)

    jobs.define(Job(TRAIN, train, retries=1))
    jobs.define(Job(UPKEEP, upkeep, every_s=UPKEEP_EVERY_S))
