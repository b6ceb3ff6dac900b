"""Lets the new tables take the place of the old, in the worker's turn.

While it lasts no event takes effect and nothing is changed; facts go on coming in, and questions are answered from the
old state. Killed at any instant, the shop opens with the old state or with the new.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from regulars.app import capabilities
from regulars.app.erasures import forget_again
from regulars.app.rebuild import store
from regulars.app.rebuild.building import CONSUMER, Building
from regulars.app.rebuild.core import RebuildReport
from regulars.events.core import Fact
from regulars.events.record import OwnFacts, decode_entry, encode_entry
from regulars.events.worker_store import (
    carry_letters,
    forget_consumer,
    leave_by_outbox,
    offsets,
    take_the_street,
    waiting,
)
from regulars.kernel.errors import ConflictError, DatabaseBusyError
from regulars.kernel.generations import set_generation
from regulars.kernel.sayings import said

if TYPE_CHECKING:
    from regulars.app.shop import Shop

TRIES = 60
PAUSE_S = 0.25
OUTBOX_MAX = 100_000

MakeReport = Callable[[int], RebuildReport]


def swap(building: Building, *, since_us: int, report_of: MakeReport) -> RebuildReport:
    """Bring the new state to where the old one stands and let it take its place; return what the rebuild did.

    Parameters
    ----------
    since_us
        When the rebuild began: who was forgotten since is forgotten in the new state as well.
    report_of
        Makes the report, from how many pieces of news go to the log.

    Raises
    ------
    DatabaseBusyError
        When readers of the old tables would not let go of them for a quarter of a minute (PostgreSQL).

    """
    pause = threading.Event()
    for _ in range(TRIES - 1):
        try:
            return _swap_once(building, since_us, report_of)
        except DatabaseBusyError:
            pause.wait(PAUSE_S)
    return _swap_once(building, since_us, report_of)


def _swap_once(building: Building, since_us: int, report_of: MakeReport) -> RebuildReport:
    shop, beside, plan = building.shop, building.beside, building.plan
    erasures = shop.erasures.since(since_us)
    with shop.database.write() as old:
        take_the_street(old)
        building.reach(offsets(old), quietly=True)
        with beside.database.write() as new:
            forget_again(new, capabilities.keepers(shop), erasures)
            _carry(building, old, new)
        news = _unknown(building, old)
        report = report_of(len(news))
        now_us = shop.clock.now_us()

        def mark(connection: Connection) -> None:
            set_generation(connection, plan.parts, building.token)
            if news:
                leave_by_outbox(connection, encode_entry(OwnFacts(facts=news, received_us=now_us)))
            forget_consumer(connection, CONSUMER)
            store.end(connection, building.rebuild_id, state="done", now_us=now_us, report=report)

        take = beside.take_whole if plan.whole else beside.take_part
        take(old, taken=building.tables, mark=mark)
    return report


def _carry(building: Building, old: Connection, new: Connection) -> None:
    """Take over what people did with dead letters, and what a log that begins later than the shop cannot tell."""
    log, parts = building.shop.log, building.plan.parts
    started = {partition: log.start(partition) for partition in log.partitions()}
    if building.plan.whole and (twice := carry_letters(old, new, started)):
        raise ConflictError(
            said(
                "rebuild_letters_twice",
                "{count} dead letters were sent again while the shop was being rebuilt, and by today's "
                "rules what they stand for has taken effect as well. Discard this rebuild and begin once "
                "more.",
                count=len(twice),
            )
        )
    if not any(started.values()):
        return
    for part in parts:
        for table in capabilities.CARRIED_WHOLE.get(part, ()):
            store.carry_whole(old, new, table)


def _unknown(building: Building, old: Connection) -> list[Fact]:
    """Return the news that the projections gave and that neither stands in the log nor is on its way there."""
    on_the_way: set[str] = set()
    for _, payload in waiting(old, OUTBOX_MAX):
        entry = decode_entry(payload)
        if isinstance(entry, OwnFacts):
            on_the_way |= {fact.message_id for fact in entry.facts}
    return [fact for fact in building.replayer.news() if fact.message_id not in on_the_way]


def tidy(shop: Shop, building: Building) -> None:
    """Remove what is left of the old state."""
    from regulars.events.replaying_store import drop_tables
    from regulars.kernel.database.beside import sweep

    building.beside.discard()
    with shop.database.write() as connection:
        drop_tables(connection)
    sweep(shop.database)
