"""Is the shop well? What is wrong just now, each with a sentence and the figures behind it, the gravest first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from regulars.app.lateness import Lateness
from regulars.app.retention import held
from regulars.app.shop import Shop
from regulars.kernel.eventlog import LogPressure
from regulars.kernel.headroom import Room

LAG_S_MAX = 60
LOW = 2  # times what must be free: the time to do something about it
MB = 1_000_000

Code = Literal["disk_full", "log_failing", "log_busy", "worker_behind", "log_held", "disk_low"]
STOPS_THE_DOOR: frozenset[Code] = frozenset({"disk_full", "log_failing", "log_busy"})


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is wrong: what, how bad, a sentence, and the figures that belong to it.

    `bad` keeps the shop from taking facts in or from following them, `watch` will one day.
    """

    code: Code
    state: Literal["bad", "watch"]
    sentence: str
    free_bytes: int = 0
    needed_bytes: int = 0
    records: int = 0
    seconds: float = 0.0
    consumer: str = ""
    partition: str = ""


def door_troubles(shop: Shop) -> Iterator[Trouble]:
    """Yield what keeps facts from being taken in; asks no database."""
    yield from _full(shop.headroom.room())
    yield from _pressed(shop.log.pressure())


def worker_troubles(late: Lateness) -> Iterator[Trouble]:
    """Yield what keeps facts from taking effect."""
    if late.seconds > LAG_S_MAX:
        yield Trouble(
            code="worker_behind",
            state="bad",
            sentence=f"The worker is {late.seconds:,.0f} s behind; {late.records:,} records wait.",
            records=late.records,
            seconds=late.seconds,
        )


def shop_troubles(shop: Shop) -> Iterator[Trouble]:
    """Yield what will hurt one day."""
    yield from _held(shop)
    yield from _low(shop.headroom.room())


def _full(room: Room) -> Iterator[Trouble]:
    if not room.is_open:
        yield Trouble(
            code="disk_full",
            state="bad",
            sentence=f"{room.free_bytes // MB:,} MB are free on the disk, and {room.needed_bytes // MB:,} MB are kept "
            "free: nothing more is taken in, and senders are told to come back.",
            free_bytes=room.free_bytes,
            needed_bytes=room.needed_bytes,
        )


def _pressed(pressure: LogPressure) -> Iterator[Trouble]:
    if pressure.trouble:
        yield Trouble(code="log_failing", state="bad", sentence=pressure.trouble)
    if pressure.is_busy:
        yield Trouble(
            code="log_busy",
            state="bad",
            sentence=f"More arrives than the disk can take: {pressure.bytes // MB:,} MB wait, the longest for "
            f"{pressure.waited_s:.1f} s. Senders are told to come back.",
            seconds=pressure.waited_s,
        )


def _held(shop: Shop) -> Iterator[Trouble]:
    for one in held(shop):
        yield Trouble(
            code="log_held",
            state="watch",
            sentence=one.sentence(),
            records=one.records,
            consumer=one.consumer,
            partition=one.partition,
        )


def _low(room: Room) -> Iterator[Trouble]:
    if room.is_open and room.free_bytes < LOW * room.needed_bytes:
        yield Trouble(
            code="disk_low",
            state="watch",
            sentence=f"{room.free_bytes // MB:,} MB are free on the disk; below {room.needed_bytes // MB:,} MB nothing "
            "more is taken in.",
            free_bytes=room.free_bytes,
            needed_bytes=room.needed_bytes,
        )
