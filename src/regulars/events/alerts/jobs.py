"""Rules are looked at once a minute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regulars.kernel.jobs import Job, JobRun

if TYPE_CHECKING:
    from regulars.events.alerts.service import Alerts

LOOK_EVERY_S = 60


def jobs(alerts: Alerts) -> list[Job]:
    """Return the jobs of the alerts."""

    def look(run: JobRun) -> None:
        changed = alerts.look()
        cleared = sum(1 for alert in changed if alert.cleared_at is not None)
        run.progress(1, 1, f"{len(changed) - cleared} raised, {cleared} cleared" if changed else "all is as it was")

    return [Job("alerts.look", look, every_s=LOOK_EVERY_S)]
