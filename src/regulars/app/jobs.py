"""What is done now and then in every shop: history written, old things let go, customers forgotten when they ask."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from regulars.events import store as events_store
from regulars.events.plans import violations_store
from regulars.events.worker_store import floors
from regulars.kernel.clock import MICROSECONDS_PER_SECOND
from regulars.kernel.jobs import Job, JobRun
from regulars.lake.jobs import jobs as lake_jobs
from regulars.profiles.service import ERASE_JOB
from regulars.recommend.jobs import define_jobs as recommend_jobs

if TYPE_CHECKING:
    from regulars.app.shop import Shop

HOUR_S = 3600
DAY_US = 24 * HOUR_S * MICROSECONDS_PER_SECOND
MINUTE_US = 60 * MICROSECONDS_PER_SECOND
SNAPSHOT_EVERY_S = 60
COUNTS_DAYS = 400  # a year and a month of counts by the minute, to compare with last year


def define_jobs(shop: Shop) -> None:
    """Make the shop's jobs known to this process."""
    for job in lake_jobs(shop.lake):
        shop.jobs.define(job)
    shop.jobs.define(Job(ERASE_JOB, lambda run: _erase(shop, run)))
    recommend_jobs(shop.jobs, shop.recommend, database=shop.database, clock=shop.clock)
    shop.jobs.define(Job("plans.snapshot", lambda run: hand_plans_to_door(shop, run), every_s=SNAPSHOT_EVERY_S))
    shop.jobs.define(Job("housekeeping", lambda run: keep_house(shop, run), every_s=HOUR_S))


def _erase(shop: Shop, run: JobRun) -> None:
    from regulars.app.erase import run_job  # it needs the shop, and the shop needs its jobs

    run_job(shop, run)


def hand_plans_to_door(shop: Shop, run: JobRun) -> None:
    """Write the door's snapshot of the plans again, should it be lost: without it the door takes nothing."""
    run.progress(1, 1, "written" if shop.plans.write_snapshot() else "as it should be")


def keep_house(shop: Shop, run: JobRun) -> None:
    """Let go what is older than the shop wants to keep; the log only as far as everybody has read it."""
    now_us = shop.clock.now_us()
    with shop.database.write() as connection:
        before_us = now_us - COUNTS_DAYS * DAY_US
        counts = events_store.forget_counts(connection, before_us // MINUTE_US)
        counts += violations_store.forget(connection, before_us=before_us, minute=before_us // MINUTE_US)
    trimmed = trim_log(shop, now_us)
    run.progress(1, 1, f"{trimmed} records and {counts} counts let go")


def trim_log(shop: Shop, now_us: int) -> int:
    """Forget records older than `events.log_days` that every consumer has read; return how many went."""
    days = shop.settings.events.log_days
    if days == 0:
        return 0
    with shop.database.read() as connection:
        floor_of = floors(connection)
    trimmed = 0
    for partition in shop.log.partitions():
        floor = floor_of.get(partition, 0)
        through = _last_before(shop, partition, now_us - days * DAY_US, floor)
        if through > shop.log.start(partition):
            trimmed += shop.log.trim(partition, through=through)
            with shop.database.write() as connection:
                events_store.forget_duplicates(connection, now_us - days * DAY_US)
    return trimmed


def _last_before(shop: Shop, partition: str, before_us: int, floor: int) -> int:
    start = shop.log.start(partition)

    def accepted_us(offset: int) -> int:
        found = shop.log.read(partition, after=offset - 1, records_max=1)
        return found[0].accepted_us if found else before_us

    kept = bisect_left(range(start + 1, floor + 1), before_us, key=accepted_us)
    return start + kept
