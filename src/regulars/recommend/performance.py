"""How do the policies fare? Slates shown and clicked, per policy, with intervals.

Days of which every click can be known are summed once and kept; the slates behind them are dropped after a week, for
the log has them all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec
import numpy as np
from sqlalchemy import Connection

from regulars.kernel.clock import Clock
from regulars.kernel.database import Database
from regulars.recommend import store
from regulars.recommend.core.performance import CLICK_WINDOW_US, clicked_slates, wilson_interval
from regulars.recommend.core.rows import Flags, starts_of
from regulars.recommend.core.slots import POLICIES, Policy
from regulars.recommend.store import PerformanceRow, ShownRow

DAY_US = 86_400_000_000
SLATES_KEPT_DAYS = 7
ROWS_A_READ = 50_000


class PolicyPerformance(msgspec.Struct, frozen=True, kw_only=True):
    """How often a policy's slates were clicked: the share with its 95 % interval after Wilson."""

    policy: Policy
    shown: int
    clicked: int
    ctr: float
    low: float
    high: float


def performance(connection: Connection, *, slot: str | None, days: int, now_us: int) -> list[PolicyPerformance]:
    """Return the figures of the last `days` days, today included, the policy shown most first."""
    today = now_us // DAY_US
    first = today - days + 1
    shown: Counter[str] = Counter()
    clicked: Counter[str] = Counter()
    kept = store.performance(connection, first, today + 1)
    summed = {row.day for row in kept}
    live = [row for row in _figures(connection, first * DAY_US, (today + 1) * DAY_US) if row.day not in summed]
    for row in [*kept, *live]:
        if slot is None or row.slot == slot:
            shown[row.policy] += row.shown
            clicked[row.policy] += row.clicked
    found = []
    for policy in sorted((one for one in POLICIES if shown[one]), key=lambda one: -shown[one]):
        low, high = wilson_interval(clicked[policy], shown[policy])
        share = clicked[policy] / shown[policy]
        found.append(
            PolicyPerformance(
                policy=policy, shown=shown[policy], clicked=clicked[policy], ctr=share, low=low, high=high
            )
        )
    return found


def settle(database: Database, clock: Clock) -> int:
    """Sum the days of which every click is known, drop slates older than a week, and return how many went."""
    today = clock.now_us() // DAY_US
    settled_end = today - 1  # a slate of the day before yesterday can no longer be clicked in time
    with database.write() as connection:
        oldest = store.oldest_slate_us(connection)
        if oldest is None:
            return 0
        known = {row.day for row in store.performance(connection, oldest // DAY_US, settled_end)}
        rows = _figures(connection, oldest // DAY_US * DAY_US, settled_end * DAY_US)
        store.set_performance(connection, [row for row in rows if row.day not in known])
        return store.forget_slates(connection, (today - SLATES_KEPT_DAYS) * DAY_US)


def _figures(connection: Connection, since_us: int, until_us: int) -> list[PerformanceRow]:
    """Return figures per day, slot and policy, from the slates themselves."""
    slates = store.slates_between(connection, since_us, until_us)
    if not slates:
        return []
    clicked = _clicked(connection, slates)
    counts: dict[tuple[int, str, str], list[int]] = {}
    for slate, was_clicked in zip(slates, clicked.tolist(), strict=True):
        cell = counts.setdefault((slate.shown_us // DAY_US, slate.slot, slate.policy), [0, 0])
        cell[0] += 1
        cell[1] += was_clicked
    return [PerformanceRow(*key, *cell) for key, cell in sorted(counts.items())]


def _clicked(connection: Connection, slates: Sequence[ShownRow]) -> Flags:
    """Return which slates were clicked, reading every interaction since the first of them once."""
    owners = {row.anchor: row.customer_id for row in store.owners_since(connection, 0)}
    numbers = {customer: number for number, customer in enumerate(dict.fromkeys(owners.values()))}
    who = {anchor: numbers[customer] for anchor, customer in owners.items()}
    items = [np.frombuffer(slate.item_nos, np.int32) for slate in slates]
    slate_customers = np.array([who.get(slate.anchor or 0, -1) for slate in slates], np.int64)
    slate_shown_us = np.array([slate.shown_us for slate in slates], np.int64)
    slate_starts = starts_of(np.array([len(part) for part in items], np.int64))
    slate_items = np.concatenate(items)
    named = {slate.slate_id: place for place, slate in enumerate(slates)}
    clicked = np.zeros(len(slates), np.bool_)
    after = min(slate.after_seq for slate in slates)
    until_us = max(slate.shown_us for slate in slates) + CLICK_WINDOW_US
    while rows := store.interactions_after(connection, after, ROWS_A_READ):
        after = rows[-1].seq
        rows = [row for row in rows if row.strength >= 0 and row.at_us <= until_us]
        for row in rows:
            if row.slate_id in named:
                clicked[named[row.slate_id]] = True
        rest = [row for row in rows if row.slate_id not in named and row.anchor in who]
        clicked |= clicked_slates(
            slate_customers=slate_customers,
            slate_shown_us=slate_shown_us,
            slate_starts=slate_starts,
            slate_items=slate_items,
            customers=np.array([who[row.anchor] for row in rest], np.int64),
            items=np.array([row.item_no for row in rest], np.int32),
            at_us=np.array([row.at_us for row in rest], np.int64),
        )
    return clicked
