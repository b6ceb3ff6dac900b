"""How far is the worker behind the log?"""

from __future__ import annotations

from dataclasses import dataclass

from regulars.app.shop import Shop
from regulars.events.worker_store import offsets
from regulars.kernel.clock import MICROSECONDS_PER_SECOND


@dataclass(frozen=True, slots=True)
class Lateness:
    """`records` wait to take effect; the oldest of them has waited `seconds`."""

    records: int
    seconds: float
    by_partition: dict[str, int]


def lateness(shop: Shop) -> Lateness:
    """Return how far the worker is behind, by what the log and its offsets say."""
    with shop.database.read() as connection:
        reached = offsets(connection)
    waiting, oldest_us = {}, shop.clock.now_us()
    for partition in shop.log.partitions():
        done = max(reached.get(partition, 0), shop.log.start(partition))
        waiting[partition] = max(0, shop.log.end(partition) - done)
        if waiting[partition]:
            for record in shop.log.read(partition, after=done, records_max=1):
                oldest_us = min(oldest_us, record.accepted_us)
    late = any(waiting.values())
    seconds = max(0.0, (shop.clock.now_us() - oldest_us) / MICROSECONDS_PER_SECOND) if late else 0.0
    return Lateness(sum(waiting.values()), seconds, waiting)
