"""The lake's work that is done now and then."""

from __future__ import annotations

from regulars.kernel.jobs import Job, JobRun
from regulars.lake.service import Lake

FLUSH_EVERY_S = 5
COMPACT_EVERY_S = 600
SWEEP_EVERY_S = 3600


def jobs(lake: Lake) -> tuple[Job, ...]:
    """Return the jobs: write what waits, merge small files, remove what is no longer read."""

    def flush(run: JobRun) -> None:
        written = lake.flush()
        run.progress(written, written, f"{written} events written")

    def compact(run: JobRun) -> None:
        days = lake.days_to_compact()
        merged = 0
        for number, day in enumerate(days, 1):
            merged += lake.compact_day(day)
            run.progress(number, len(days), f"{merged} files merged away")

    def sweep(run: JobRun) -> None:
        swept = lake.sweep()
        run.progress(swept, swept, f"{swept} files removed")

    return (
        Job("lake-flush", flush, every_s=FLUSH_EVERY_S, wanted=lake.flush_is_due),
        Job("lake-compact", compact, every_s=COMPACT_EVERY_S, wanted=lambda: bool(lake.days_to_compact())),
        Job("lake-sweep", sweep, every_s=SWEEP_EVERY_S),
    )
