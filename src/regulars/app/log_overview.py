"""How far back does the log go, how large is it, and who has read how far?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from regulars.events.worker_store import CONSUMER, consumers
from regulars.kernel.clock import moment

if TYPE_CHECKING:
    from regulars.app.shop import Shop


class PartitionShown(msgspec.Struct, frozen=True, kw_only=True):
    """The part of the log that one process writes: records from `first` to `last` offset, with their moments."""

    partition: str
    records: int
    trimmed: int
    last_offset: int
    size_bytes: int
    first_at: datetime | None
    last_at: datetime | None


class ConsumerShown(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who reads the log: how far in each partition, and how many records wait for them."""

    consumer: str
    reached: dict[str, int]
    waiting: int
    is_street: bool


class LogOverview(msgspec.Struct, frozen=True, kw_only=True):
    """The log at a glance. `first_at` is how far back a replay can go without history."""

    partitions: list[PartitionShown]
    consumers: list[ConsumerShown]
    records: int
    size_bytes: int
    first_at: datetime | None
    last_at: datetime | None
    kept_days: int


def log_overview(shop: Shop) -> LogOverview:
    """Return what the log holds and who has read it."""
    partitions = [_partition(shop, name) for name in shop.log.partitions()]
    with shop.database.read() as connection:
        readers = consumers(connection)
    ends = {one.partition: (one.trimmed, one.last_offset) for one in partitions}
    firsts = [one.first_at for one in partitions if one.first_at]
    lasts = [one.last_at for one in partitions if one.last_at]
    return LogOverview(
        partitions=partitions,
        consumers=[_consumer(name, reached, ends) for name, reached in readers.items()],
        records=sum(one.records for one in partitions),
        size_bytes=sum(one.size_bytes for one in partitions),
        first_at=min(firsts, default=None),
        last_at=max(lasts, default=None),
        kept_days=shop.settings.events.log_days,
    )


def _partition(shop: Shop, name: str) -> PartitionShown:
    log = shop.log
    start, end = log.start(name), log.end(name)
    return PartitionShown(
        partition=name,
        records=max(0, end - start),
        trimmed=start,
        last_offset=end,
        size_bytes=log.bytes_of(name),
        first_at=_accepted(shop, name, start) if end > start else None,
        last_at=_accepted(shop, name, end - 1) if end > start else None,
    )


def _accepted(shop: Shop, partition: str, after: int) -> datetime | None:
    found = shop.log.read(partition, after=after, records_max=1)
    return moment(found[0].accepted_us) if found else None


def _consumer(name: str, reached: Mapping[str, int], ends: Mapping[str, tuple[int, int]]) -> ConsumerShown:
    waiting = sum(max(0, end - max(start, reached.get(partition, 0))) for partition, (start, end) in ends.items())
    return ConsumerShown(consumer=name, reached=dict(reached), waiting=waiting, is_street=name == CONSUMER)
