"""Fills new tables from the log, beside those that answer, in as many sittings as it takes.

How far it has come stands in the new tables themselves, in the transaction of what was taken in. So it may be stopped,
or killed, at any instant and gone on with; and it never reads further than the shop itself has, so that both can be
brought to the same place.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from regulars.app import capabilities
from regulars.app.rebuild import store
from regulars.app.rebuild.core import Plan, seconds_left, tables_of
from regulars.app.rebuild.numbers import KeptNumbers, Unburied
from regulars.app.rebuild.store import Progress
from regulars.events.core import Batch, Projection, acts_outward
from regulars.events.replaying import LogUntil, Replayer
from regulars.events.replaying_store import TABLES as SCRATCH
from regulars.events.worker_store import forget_consumer, offsets, set_offsets
from regulars.kernel.clock import MICROSECONDS_PER_SECOND, WoundClock, moment
from regulars.kernel.database.beside import open_beside
from regulars.kernel.generations import set_generation

if TYPE_CHECKING:
    from regulars.app.shop import Shop

# Tables that the new state has of its own while it is being filled, and that never take the place of the old ones.
WORKING = ("events_offsets", "events_street", "events_outbox", "kernel_generations", *SCRATCH)
CONSUMER = "rebuild"
TOLD_EVERY_S = 1.0
DAY_US = 86_400 * MICROSECONDS_PER_SECOND

Told = Callable[[int, int, str], None]


class Building:
    """A rebuild under way in this process."""

    def __init__(self, shop: Shop, *, rebuild_id: str, token: str, plan: Plan, told: Told) -> None:
        self.shop = shop
        self.rebuild_id = rebuild_id
        self.token = token
        self.plan = plan
        self.tables = tables_of(plan.parts, capabilities.derived_tables())
        self.progress = Progress()
        self._told = told
        self._began_s = self._told_s = time.monotonic()
        self._seconds_before = 0.0
        self._batches: list[Batch] = []
        self._day = 0
        self.beside = open_beside(shop.database, token)
        self.until = LogUntil(shop.log)
        self.replayer = Replayer(
            database=self.beside.database,
            log=self.until,
            lake=shop.lake,
            clock=shop.clock,
            projections=self._projections(),
            settings=shop.settings.events,
            judge=shop.judge(),
        )
        self.replayer.answering = shop.database
        self.replayer.on_batch = self._batches.append

    def close(self) -> None:
        """Let the new tables rest where they are, and the log go on without us."""
        self.beside.close()
        with self.shop.database.write() as connection:
            forget_consumer(connection, CONSUMER)

    def begin(self) -> None:
        """Make the empty tables."""
        self.beside.begin(capabilities.migrations(), own=self._own())
        self.replayer.prepare()
        with self.beside.database.write() as connection:
            set_generation(connection, self.plan.parts, self.token)

    def go_on(self, progress: Progress) -> None:
        """Take in everything the shop itself has taken in by now; what `told` raises stops it, and nothing is lost."""
        self.progress, self._seconds_before = progress, progress.seconds
        self.say("reading")
        while self.reach(self._goal()):
            continue

    def reach(self, goal: Mapping[str, int], *, quietly: bool = False) -> int:
        """Take in the log as far as these offsets and return how many records that were.

        Nothing is told and nothing written to the state that answers when it is done `quietly`.
        """
        self.until.until = dict(goal)
        reached = self.replayer.reached()
        waiting = sum(max(0, through - reached.get(partition, 0)) for partition, through in goal.items())
        self.progress.total = self.progress.done + waiting
        if not quietly:
            self._hold_the_log(reached)
        if waiting:
            self.beside.refresh(own=self._own())
        taken = 0
        while step := self.replayer.run_once():
            taken += step
            self.progress.done += step
            self._count()
            if not quietly and time.monotonic() - self._told_s >= TOLD_EVERY_S:
                self._hold_the_log(self.replayer.reached())
                self.say("reading")
        self.progress.done = max(self.progress.done, self.progress.total)
        return taken

    def say(self, step: str) -> None:
        """Tell, and write down, what the work is at and how far it is; whoever listens may stop it by raising."""
        self._told_s = time.monotonic()
        progress = self.progress
        progress.step = step
        progress.seconds = self._seconds_before + self._told_s - self._began_s
        with self.shop.database.write() as connection:
            store.set_progress(connection, self.rebuild_id, progress, self.shop.clock.now_us())
        pace = progress.events / progress.seconds if progress.seconds else 0.0
        left = seconds_left(progress.done, progress.total, progress.seconds)
        note = f"{step}, {pace:,.0f} events/s" + (f", {_spoken(left)} left" if left and left >= 1 else "")
        self._told(progress.done, progress.total, note)

    def _own(self) -> list[str]:
        """Return the tables that are filled; all others are those that answer."""
        tables = capabilities.derived_tables()
        also = ["worker", *self.plan.feeds]  # duplicates are found anew, whatever is rebuilt
        return list(dict.fromkeys([*self.tables, *tables_of(also, tables), *WORKING]))

    def _goal(self) -> dict[str, int]:
        with self.shop.database.read() as connection:
            return offsets(connection)

    def _projections(self) -> list[Projection]:
        plan, shop = self.plan, self.shop
        found: list[Projection] = [] if plan.whole else [Unburied(shop.database)]
        for projection in capabilities.projections(shop):
            if acts_outward(projection) or projection.name not in {*plan.parts, *plan.feeds}:
                continue
            found.append(projection)
            if projection.name in plan.feeds:
                found.append(KeptNumbers(shop.database))
        return found

    def _count(self) -> None:
        for batch in self._batches:
            events = len(batch.events)
            self.progress.events += events
            if any(request.path == "" for request in batch.requests[:1]):
                self.progress.from_history += events
            if batch.events:
                self._live_through(batch.events[-1].received_us)
        self._batches.clear()

    def _live_through(self, now_us: int) -> None:
        """Let a day that has gone by be summed up in the new tables, as it was in the shop."""
        if now_us // DAY_US > self._day:
            self._day = now_us // DAY_US
            for tend in capabilities.tending(self.plan.parts):
                tend(self.beside.database, WoundClock(moment(now_us)))

    def _hold_the_log(self, reached: Mapping[str, int]) -> None:
        """Let the log keep what we have not read yet."""
        with self.shop.database.write() as connection:
            where = {partition: reached.get(partition, 0) for partition in self.until.until}
            set_offsets(connection, where, consumer=CONSUMER)


def _spoken(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
