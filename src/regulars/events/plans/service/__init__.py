"""What the plans room does: keeps plans and their versions, puts one in force, and tells how events keep to it."""

from __future__ import annotations

from pathlib import Path

from regulars.events.plans.report import Find
from regulars.events.plans.service.keeping import Keeping
from regulars.events.plans.service.watching import Watching
from regulars.kernel.clock import Clock
from regulars.kernel.database import Database
from regulars.lake import Lake


class Plans(Keeping, Watching):
    """The tracking plans of a shop."""

    def __init__(self, *, database: Database, clock: Clock, folder: Path, lake: Lake, find: Find) -> None:
        Keeping.__init__(self, database=database, clock=clock, folder=folder)
        Watching.__init__(self, database=database, clock=clock, keeping=self, lake=lake, find=find)


__all__ = ["Plans"]
