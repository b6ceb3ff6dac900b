"""Which items are looked at most, and whose interest grows? Counted from the newest interactions, in five minutes.

Kept in memory by each web process and brought up to date when asked, so that a glance costs only what is new.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence

import msgspec

from regulars.catalog import Catalog
from regulars.kernel.clock import MICROSECONDS_PER_SECOND, Clock
from regulars.kernel.database import Database
from regulars.kernel.ids import ItemId
from regulars.recommend import store
from regulars.recommend.store import InteractionRow

BUCKET_US = 300 * MICROSECONDS_PER_SECOND
BUCKETS = 288  # a day
SPARK = 12  # an hour
LOOKED_BACK = 200_000  # interactions read when a process starts; a day of a large shop would take minutes
ROWS_A_READ = 20_000
SHOWN = 8
PRIOR = 2.0  # an item with two interactions more than none has not risen without bound


class TopItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item and how often it was touched in a day."""

    item_id: str
    title: str
    count: int


class RisingItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item whose interest grows: this hour's count, times the hour before's, and the hour in twelve steps."""

    item_id: str
    title: str
    count: int
    growth: float
    spark: list[int]


class Trends:
    """The counts of a day."""

    def __init__(self, *, database: Database, catalog: Catalog, clock: Clock) -> None:
        self._database = database
        self._catalog = catalog
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: deque[tuple[int, Counter[int]]] = deque()
        self._day: Counter[int] = Counter()
        self._items: dict[int, ItemId] = {}
        self._reached: int | None = None
        self._read_from_us = 0

    def look(self) -> tuple[list[TopItem], list[RisingItem]]:
        """Return the items touched most in a day, and those whose last hour beats the hour before most."""
        with self._lock:
            self._catch_up()
            now = self._clock.now_us() // BUCKET_US
            self._forget(now)
            top = self._day.most_common(SHOWN)
            rising = risen(self._series, now)
        titles = self._titles([item for item, _ in top] + [item for item, *_ in rising])
        return (
            [
                TopItem(item_id=self._items[item], title=titles[item], count=count)
                for item, count in top
                if item in titles
            ],
            [
                RisingItem(item_id=self._items[item], title=titles[item], count=sum(spark), growth=growth, spark=spark)
                for item, growth, spark in rising
                if item in titles
            ],
        )

    def since_us(self) -> int:
        """Return since when items are counted: a day, or the oldest interaction that was read when this began."""
        day_us = (self._clock.now_us() // BUCKET_US - BUCKETS + 1) * BUCKET_US
        return max(day_us, self._read_from_us)

    def _series(self, first: int, last: int) -> list[tuple[int, Counter[int]]]:
        return [(bucket, counts) for bucket, counts in self._buckets if first <= bucket <= last]

    def _catch_up(self) -> None:
        with self._database.read() as connection:
            if self._reached is None:
                self._reached = max(0, store.state(connection).next_seq - 1 - LOOKED_BACK)
                if self._reached and (oldest := store.interactions_after(connection, self._reached, 1)):
                    self._read_from_us = oldest[0].at_us
            while rows := store.interactions_after(connection, self._reached, ROWS_A_READ):
                self._take(rows)
                self._reached = rows[-1].seq
            self._items.update(store.items_after(connection, max(self._items, default=0)))

    def _take(self, rows: Sequence[InteractionRow]) -> None:
        known = dict(self._buckets)
        oldest = self._clock.now_us() // BUCKET_US - BUCKETS
        for row in rows:
            bucket = row.at_us // BUCKET_US
            if bucket > oldest:
                known.setdefault(bucket, Counter())[row.item_no] += 1
                self._day[row.item_no] += 1
        self._buckets = deque(sorted(known.items()))

    def _forget(self, now: int) -> None:
        while self._buckets and self._buckets[0][0] <= now - BUCKETS:
            _, counts = self._buckets.popleft()
            self._day.subtract(counts)
            for item in counts:
                if self._day[item] <= 0:
                    del self._day[item]

    def _titles(self, numbers: Sequence[int]) -> dict[int, str]:
        ids = {number: self._items[number] for number in numbers if number in self._items}
        found = self._catalog.lookup(ids.values())
        return {number: found[item].title if item in found else item for number, item in ids.items()}


def risen(series: Callable[[int, int], list[tuple[int, Counter[int]]]], now: int) -> list[tuple[int, float, list[int]]]:
    """Return the items whose last hour beats the hour before most: number, how many times, the hour's twelve steps."""
    hour: Counter[int] = Counter()
    steps: dict[int, list[int]] = {}
    for bucket, counts in series(now - SPARK + 1, now):
        for item, count in counts.items():
            hour[item] += count
            steps.setdefault(item, [0] * SPARK)[bucket - (now - SPARK + 1)] += count
    before: Counter[int] = Counter()
    for _, counts in series(now - 2 * SPARK + 1, now - SPARK):
        before.update(counts)
    growths = {item: (count + PRIOR) / (before[item] + PRIOR) for item, count in hour.items() if count > before[item]}
    ranked = sorted(growths, key=lambda item: (-growths[item], -hour[item], item))
    return [(item, round(growths[item], 2), steps[item]) for item in ranked[:SHOWN]]
