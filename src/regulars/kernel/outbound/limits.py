"""Until when may the call of this thread last, and how may it travel?"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Limits:
    """Until when the call of this thread may last, and whether it is a plain one."""

    def __init__(self) -> None:
        self._here = threading.local()

    @contextmanager
    def of(self, until: float, *, plain: bool) -> Iterator[None]:
        """Hold for one call of this thread, until a moment of the monotonic clock."""
        self._here.until, self._here.plain = until, plain
        try:
            yield
        finally:
            self._here.until, self._here.plain = 0.0, False

    @property
    def plain(self) -> bool:
        """Whether the call can be read on the way (http)."""
        return bool(getattr(self._here, "plain", False))

    def left_s(self) -> float:
        """Return how long the call may still last, in seconds; never nothing, which would mean for ever."""
        return max(0.001, float(getattr(self._here, "until", 0.0)) - time.monotonic())

    @property
    def are_over(self) -> bool:
        """Whether the call has lasted long enough."""
        return time.monotonic() >= float(getattr(self._here, "until", 0.0))
