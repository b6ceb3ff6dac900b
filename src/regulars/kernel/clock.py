"""What time is it? The only place that asks the machine.

Moments are timezone-aware UTC `datetime`s at every door and integer microseconds since 1970 in storage.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol, runtime_checkable

MICROSECONDS_PER_SECOND = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@runtime_checkable
class Clock(Protocol):
    """Something that knows the present moment."""

    def now_us(self) -> int:
        """Return microseconds since 1970, UTC."""
        ...


class SystemClock:
    """The machine's clock, never running backwards within one process."""

    def __init__(self) -> None:
        self._last_us = 0

    def now_us(self) -> int:
        """Return microseconds since 1970, UTC; at least as large as every answer before."""
        self._last_us = max(self._last_us, time.time_ns() // 1000)
        return self._last_us


class WoundClock:
    """A clock that stands still until somebody winds it; for tests and simulations.

    >>> clock = WoundClock(datetime(2026, 1, 1, tzinfo=UTC))
    >>> clock.wind(timedelta(hours=1))
    >>> moment(clock.now_us()).hour
    1
    """

    def __init__(self, start: datetime) -> None:
        self._now_us = microseconds(start)

    def now_us(self) -> int:
        """Return microseconds since 1970, UTC."""
        return self._now_us

    def wind(self, by: timedelta) -> None:
        """Move forward by a span of time."""
        self._now_us += by // timedelta(microseconds=1)


def microseconds(when: datetime) -> int:
    """Return an aware moment as integer microseconds since 1970.

    >>> microseconds(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
    1000000
    """
    if when.tzinfo is None:
        raise ValueError("A moment must carry its time zone.")
    return (when - EPOCH) // timedelta(microseconds=1)


def moment(at_us: int) -> datetime:
    """Return microseconds since 1970 as an aware UTC moment.

    >>> moment(1_000_000).isoformat()
    '1970-01-01T00:00:01+00:00'
    """
    return EPOCH + timedelta(microseconds=at_us)
