"""What is happening in the shop right now? One answer for the first page: traffic, customers, items, the loop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Literal

import msgspec

from regulars.app.doors import DoorsNow
from regulars.app.health import Trouble, shop_troubles, worker_troubles
from regulars.app.lateness import Lateness, lateness
from regulars.app.shop import Shop
from regulars.app.trends import RisingItem, TopItem, Trends
from regulars.events.counts import Outcomes
from regulars.events.service import MinuteCount, NameCount, SourceCount
from regulars.kernel.clock import moment

FRESH_US = 900_000  # all who watch share one answer a second
SLOW_US = 5_000_000  # what takes a scan is counted every five seconds …
SLOW_SHARE = 50  # … or as rarely as keeps it under a fiftieth of the time
TILES = 12
LIVE_MS = 2_000
STALE_MS = 60_000
DAY_S = 24 * 3600

State = Literal["live", "behind", "stale"]


class Tile(msgspec.Struct, frozen=True, kw_only=True):
    """Customers who have something in common: what they like most."""

    label: str
    count: int


class CustomersNow(msgspec.Struct, frozen=True, kw_only=True):
    """How many customers there are, and what those of the last day like most.

    The tiles and `rest` together are `active_24h`: everyone who was seen within a day, counted once.
    """

    total: int
    active_5m: int
    active_24h: int
    new_24h: int
    tiles: list[Tile]
    rest: int  # of the last day, drawn to something rarer than the tiles


class Station(msgspec.Struct, frozen=True, kw_only=True):
    """One station of the loop and how far it is behind; `detail` says its figures in a sentence."""

    station: Literal["door", "log", "worker", "profile", "slate"]
    lag_ms: float
    state: State
    detail: str
    requests: int = 0  # answered by the door since its processes began
    processes: int = 0  # of the door
    records: int = 0  # that wait for the worker


class Today(msgspec.Struct, frozen=True, kw_only=True):
    """The shop at this moment. Series and rates are of the last hour, counts of the last day.

    `top_items` are counted since `items_since`: a day, or less where so much arrives that a process which began just
    now did not read a day back.
    """

    at: datetime
    rate_per_s: float
    series: list[MinuteCount]
    outcomes: Outcomes
    by_event: list[NameCount]
    by_source: list[SourceCount]
    customers: CustomersNow
    top_items: list[TopItem]
    rising: list[RisingItem]
    items_since: datetime
    loop: list[Station]
    troubles: list[Trouble]


class TodayDesk:
    """Puts the answer together, once for all who ask within the same second."""

    def __init__(self, shop: Shop, doors: Callable[[], DoorsNow]) -> None:
        self._shop = shop
        self._doors = doors
        self._trends = Trends(database=shop.database, catalog=shop.catalog, clock=shop.clock)
        self._lock = threading.Lock()
        self._kept: Today | None = None
        self._kept_us = 0
        self._slow: tuple[CustomersNow, list[TopItem], list[RisingItem]] | None = None
        self._slow_again_us = 0

    def now(self) -> Today:
        """Return the shop at this moment, at most a second old."""
        with self._lock:
            now_us = self._shop.clock.now_us()
            if self._kept is None or now_us - self._kept_us >= FRESH_US:
                self._kept, self._kept_us = self._look(now_us), now_us
            return self._kept

    def _look(self, now_us: int) -> Today:
        traffic = self._shop.events.traffic()
        if self._slow is None or now_us >= self._slow_again_us:
            began_ns = time.monotonic_ns()
            self._slow = (self._customers(), *self._trends.look())
            took_us = (time.monotonic_ns() - began_ns) // 1000
            self._slow_again_us = now_us + max(SLOW_US, SLOW_SHARE * took_us)
        customers, top, rising = self._slow
        doors, late = self._doors(), lateness(self._shop)
        return Today(
            at=moment(now_us),
            rate_per_s=traffic.rate_per_s,
            series=traffic.series,
            outcomes=traffic.outcomes,
            by_event=traffic.by_event,
            by_source=traffic.by_source,
            customers=customers,
            top_items=top,
            rising=rising,
            items_since=moment(self._trends.since_us()),
            loop=self._loop(doors, late),
            troubles=[*doors.troubles, *worker_troubles(late), *shop_troubles(self._shop)],
        )

    def _customers(self) -> CustomersNow:
        profiles = self._shop.profiles
        tiles = [Tile(label=word, count=count) for word, count in profiles.tastes(within_s=DAY_S, rows_max=TILES)]
        tiled, active = sum(tile.count for tile in tiles), profiles.count_active(within_s=DAY_S)
        return CustomersNow(
            total=profiles.count(),
            active_5m=profiles.count_active(within_s=300),
            active_24h=max(active, tiled),  # somebody may have come between the two questions
            new_24h=profiles.count_new(within_s=DAY_S),
            tiles=tiles,
            rest=max(0, active - tiled),
        )

    def _loop(self, doors: DoorsNow, late: Lateness) -> list[Station]:
        stats, lag_ms = doors.stats, late.seconds * 1000
        return [
            msgspec.structs.replace(
                station(
                    "door", stats.commit_ms_p50, f"{stats.requests} requests answered by {doors.processes} processes"
                ),
                requests=stats.requests,
                processes=doors.processes,
            ),
            station("log", stats.commit_ms_p99, "the slowest of a hundred, until it is durable"),
            msgspec.structs.replace(station("worker", lag_ms, f"{late.records} records wait"), records=late.records),
            station("profile", lag_ms, "written in the worker's own transaction"),
            station("slate", self._shop.recommend.behind_ms(), "since answers last knew every event"),
        ]


def station(name: Literal["door", "log", "worker", "profile", "slate"], lag_ms: float, detail: str) -> Station:
    """Return a station with the state that its lag means.

    >>> station("worker", 70_000, "12 records wait").state
    'stale'
    """
    state: State = "live" if lag_ms < LIVE_MS else "behind" if lag_ms < STALE_MS else "stale"
    return Station(station=name, lag_ms=round(lag_ms, 1), state=state, detail=detail)
