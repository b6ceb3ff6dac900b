"""How much of the log is kept, and in what shape: packed once it is no longer fresh, let go when too old or too large.

Nothing goes that some consumer has not read. When the limits ask for more than the consumers allow, the log grows on
and `held` says who it waits for.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

import msgspec

from regulars.events import store as events_store
from regulars.events.worker_store import CONSUMER, consumers, floors_of
from regulars.kernel.clock import MICROSECONDS_PER_SECOND, Clock
from regulars.kernel.database import Database
from regulars.kernel.errors import RegularsError
from regulars.kernel.eventlog import EventLog, Packed, offset_before
from regulars.kernel.eventlog.core import SEGMENT_BYTES
from regulars.kernel.settings import Settings

if TYPE_CHECKING:
    from regulars.app.shop import Shop

DAY_US = 24 * 3600 * MICROSECONDS_PER_SECOND
FREE_BYTES_MAX = 256 << 20  # more than this lies free after a long absence of the worker, or once after an upgrade
PRESSED_FRESH_BYTES = 4 << 20
PRESSED_FREE_BYTES = 8 << 20
STEPS = 32  # of a partition: about three per cent go at a time, so that no more goes than must
OVER = 1.05  # a limit counts as passed a little above, because the log is looked at once a minute

LOOK_EVERY_S = 10

_log = logging.getLogger("regulars.retention")


class HasLog(Protocol):
    """What must be known to say what is kept: a shop has all of it, and so has whoever only looks at one."""

    @property
    def log(self) -> EventLog:
        """The log."""
        ...

    @property
    def database(self) -> Database:
        """The state, where the consumers' offsets stand."""
        ...

    @property
    def settings(self) -> Settings:
        """The limits."""
        ...

    @property
    def clock(self) -> Clock:
        """What time it is."""
        ...


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the log that should go by its age or size and may not: `consumer` has not read it."""

    partition: str
    consumer: str
    records: int
    by: Literal["age", "size"]

    def sentence(self) -> str:
        """Say it.

        >>> Held(partition="web-0", consumer="street", records=5, by="age").sentence()
        "The log is kept beyond its age limit: 'street' has not read 5 records of web-0."
        """
        return (
            f"The log is kept beyond its {self.by} limit: "
            f"{self.consumer!r} has not read {self.records:,} records of {self.partition}."
        )


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What was done: how many records were packed and how many let go, and what may not go yet."""

    packed: int
    let_go: int
    held: list[Held]


def kept_bytes(shop: HasLog) -> int:
    """Return how many bytes of records the log keeps, packed and fresh; what lies free beside them is not counted."""
    return sum(size.fresh + size.packed for size in map(shop.log.size_of, shop.log.partitions()))


def is_pressed(shop: Shop) -> bool:
    """Return whether the disk is so full that the log should be as small as it can."""
    room = shop.headroom.room()
    return not room.is_open or room.free_bytes < 2 * room.needed_bytes


def wants_keeping(shop: Shop) -> bool:
    """Return whether there is something to pack, to let go, or to give back; asked often."""
    limits = _limits(shop)
    for partition in shop.log.partitions():
        size = shop.log.size_of(partition)
        if size.fresh >= limits.fresh_bytes + limits.segment_bytes or size.free > max(limits.free_bytes, size.fresh):
            return True
    return _is_over(shop)


def keep_log(shop: Shop) -> Kept:
    """Pack what is no longer fresh and let go what is too old or too large; return what was done."""
    packed = sum(step.records for step in pack_steps(shop))
    return Kept(packed=packed, let_go=trim_by_age(shop) + trim_by_size(shop), held=held(shop))


def keep_until(stop: threading.Event, shop: Shop) -> None:
    """Keep the log in shape until told to stop; it is packed also while the database is away."""
    told: list[Held] = []
    while not stop.wait(LOOK_EVERY_S):
        try:
            if not wants_keeping(shop):
                continue
            for _ in pack_steps(shop):
                if stop.is_set():
                    return
            trim_by_size(shop)
            waits_for = held(shop)
        except RegularsError as error:
            _log.warning("The log is not packed or trimmed now: %s", error)
            continue
        except Exception:  # whatever it was, the log must be looked after again
            _log.exception("the log was not looked after")
            continue
        for one in waits_for:
            if all((one.partition, one.consumer) != (known.partition, known.consumer) for known in told):
                _log.warning("%s", one.sentence())
        told = waits_for


def pack_steps(shop: Shop) -> Iterator[Packed]:
    """Pack what is no longer fresh or older than a day, step by step, and give room back."""
    limits = _limits(shop)
    for partition in shop.log.partitions():
        before_us = shop.clock.now_us() - DAY_US
        while packed := shop.log.pack(
            partition, fresh_bytes=limits.fresh_bytes, before_us=before_us, segment_bytes=limits.segment_bytes
        ):
            yield packed
        shop.log.shrink(partition, free_bytes_max=limits.free_bytes)


def trim_by_age(shop: Shop) -> int:
    """Let go records older than `events.log_days` that every consumer has read; return how many went."""
    days = shop.settings.events.log_days
    if days == 0:
        return 0
    before_us = shop.clock.now_us() - days * DAY_US
    trimmed = 0
    for partition, (floor, _) in _floors(shop).items():
        through = offset_before(shop.log, partition, before_us, through=floor)
        trimmed += _let_go(shop, partition, through)
    _forget_what_went(shop, trimmed)
    return trimmed


def trim_by_size(shop: Shop) -> int:
    """Let go the oldest records that every consumer has read, until `events.log_bytes_max` is kept."""
    trimmed = 0
    while _is_over(shop):
        movable = _movable(shop, _floors(shop))
        if not movable:
            break
        partition = min(movable, key=lambda each: _oldest_us(shop, each))
        start, end = shop.log.start(partition), shop.log.end(partition)
        step = max(1, (end - start) // STEPS)
        trimmed += _let_go(shop, partition, min(movable[partition], start + step))
    _forget_what_went(shop, trimmed)
    return trimmed


def _let_go(shop: Shop, partition: str, through: int) -> int:
    """Let go a part of the log, once the dead letters in it keep what was sent themselves; return how many records."""
    shop.letters.keep_before_trimming(partition, through=through)
    return shop.log.trim(partition, through=through)


def held(shop: HasLog) -> list[Held]:
    """Return what should go and may not, by the partition."""
    days, found = shop.settings.events.log_days, list[Held]()
    if not days and not shop.settings.events.log_bytes_max:
        return found
    floors = _floors(shop)
    too_large = _is_over(shop) and not _movable(shop, floors)
    for partition, (floor, consumer) in floors.items():
        start, end = shop.log.start(partition), shop.log.end(partition)
        too_old_us = shop.clock.now_us() - (days + 1) * DAY_US
        too_old = days > 0 and floor <= start < end and _oldest_us(shop, partition) < too_old_us
        if floor <= start < end and (too_old or too_large):
            by: Literal["age", "size"] = "size" if too_large else "age"
            found.append(Held(partition=partition, consumer=consumer, records=end - floor, by=by))
    return found


class _Limits(NamedTuple):
    """How much may be fresh, how much makes a segment, and how much may lie free."""

    fresh_bytes: int
    segment_bytes: int
    free_bytes: int


def _limits(shop: Shop) -> _Limits:
    events = shop.settings.events
    share = events.log_bytes_max // 4
    fresh_bytes = min(events.log_fresh_bytes, share) if share else events.log_fresh_bytes
    free_bytes = FREE_BYTES_MAX
    if is_pressed(shop):
        fresh_bytes, free_bytes = min(fresh_bytes, PRESSED_FRESH_BYTES), PRESSED_FREE_BYTES
    return _Limits(fresh_bytes, min(SEGMENT_BYTES, max(fresh_bytes, 1 << 20)), free_bytes)


def _is_over(shop: HasLog) -> bool:
    limit = shop.settings.events.log_bytes_max
    return limit > 0 and kept_bytes(shop) > limit * OVER


def _floors(shop: HasLog) -> dict[str, tuple[int, str]]:
    with shop.database.read() as connection:
        found = floors_of(consumers(connection))
    return {partition: found.get(partition, (0, CONSUMER)) for partition in shop.log.partitions()}


def _movable(shop: HasLog, floors: Mapping[str, tuple[int, str]]) -> dict[str, int]:
    return {partition: floor for partition, (floor, _) in floors.items() if floor > shop.log.start(partition)}


def _oldest_us(shop: HasLog, partition: str) -> int:
    found = shop.log.read(partition, after=shop.log.start(partition), records_max=1)
    return found[0].accepted_us if found else shop.clock.now_us()


def _forget_what_went(shop: Shop, trimmed: int) -> None:
    """Forget notes on records that are no longer there."""
    if trimmed:
        oldest_us = min(_oldest_us(shop, partition) for partition in shop.log.partitions())
        with shop.database.write() as connection:
            events_store.forget_duplicates(connection, oldest_us)
