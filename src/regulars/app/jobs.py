"""What is done now and then in every shop: history written, old things let go, customers forgotten when they ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regulars.app.apart import ApartError
from regulars.app.backup import JOB as BACKUP_JOB
from regulars.app.rebuild import JOB as REBUILD_JOB
from regulars.app.replay import JOB as REPLAY_JOB
from regulars.app.retention import keep_log
from regulars.destinations.jobs import jobs as destinations_jobs
from regulars.events import keys_store
from regulars.events import store as events_store
from regulars.events.alerts.jobs import jobs as alerts_jobs
from regulars.events.imports.jobs import jobs as import_jobs
from regulars.events.letters.jobs import jobs as letters_jobs
from regulars.events.plans import violations_store
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
    for job in [*import_jobs(shop.imports, shop.files), *letters_jobs(shop.letters), *alerts_jobs(shop.alerts)]:
        shop.jobs.define(job)
    shop.jobs.define(Job(ERASE_JOB, lambda run: _erase(shop, run)))
    for job in destinations_jobs(shop.destinations):
        shop.jobs.define(job)
    shop.jobs.define(_backup_job(shop))
    shop.jobs.define(Job(REBUILD_JOB, lambda run: _rebuild(shop, run)))
    shop.jobs.define(Job(REPLAY_JOB, lambda run: _replay(shop, run), final=(ApartError,)))
    recommend_jobs(shop.jobs, shop.recommend, database=shop.database, clock=shop.clock)
    shop.jobs.define(Job("plans.snapshot", lambda run: hand_plans_to_door(shop, run), every_s=SNAPSHOT_EVERY_S))
    shop.jobs.define(Job("housekeeping", lambda run: keep_house(shop, run), every_s=HOUR_S))


def _erase(shop: Shop, run: JobRun) -> None:
    from regulars.app.erase import run_job  # it needs the shop, and the shop needs its jobs

    run_job(shop, run)


def hand_plans_to_door(shop: Shop, run: JobRun) -> None:
    """Write the door's snapshot of the plans again, should it be lost: without it the door takes nothing."""
    run.progress(1, 1, "written" if shop.plans.write_snapshot() else "as it should be")


def _backup(shop: Shop, run: JobRun) -> None:
    """Take a backup to `backup.url`, by itself or because somebody asked; verified unless said otherwise."""
    verified = bool(run.args.get("verified", True))
    found = shop.backups.take(keep=shop.settings.backup.keep, verified=verified, told=run.progress)
    run.progress(100, 100, f"{found.new_bytes / 1e6:,.1f} MB new of {found.size_bytes / 1e6:,.1f} MB")


def _backup_job(shop: Shop) -> Job:
    settings = shop.settings.backup
    every_s = settings.every_hours * HOUR_S if settings.url and settings.every_hours else None
    return Job(BACKUP_JOB, lambda run: _backup(shop, run), every_s=every_s, backoff_s=60)


def _rebuild(shop: Shop, run: JobRun) -> None:
    from regulars.app.rebuild.process import run_job  # as above

    run_job(shop, run)


def _replay(shop: Shop, run: JobRun) -> None:
    from regulars.app.replay.process import run_job  # as above

    run_job(shop, run)


def keep_house(shop: Shop, run: JobRun) -> None:
    """Let go what is older than the shop wants to keep; the log only as far as everybody has read it."""
    now_us = shop.clock.now_us()
    with shop.database.write() as connection:
        before_us = now_us - COUNTS_DAYS * DAY_US
        counts = events_store.forget_counts(connection, before_us // MINUTE_US)
        letters = shop.letters.forget_old(connection)
        counts += shop.alerts.forget_old(connection)
        counts += violations_store.forget(connection, before_us=before_us, minute=before_us // MINUTE_US)
        counts += keys_store.forget_old_key_counts(connection, before_us // (60 * MINUTE_US))
    shop.profiles.tell_tastes()
    kept = keep_log(shop)
    files = shop.imports.let_old_files_go()
    gone = f"{kept.let_go:,} records, {counts:,} counts, {letters:,} dead letters, {files:,} files let go"
    run.progress(1, 1, f"{gone}, {kept.packed:,} packed")
