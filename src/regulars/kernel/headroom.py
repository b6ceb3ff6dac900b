"""Is there room on the disk for more? Asked before anything is taken in, and cheap enough to ask each time.

The disk is looked at once a second, and again when much was taken in since. Below `bytes_min` the room counts as used
up; it counts as free again a fifth above, so that a shop at the border does not open and close with every file that
comes and goes. On a small disk a tenth of it is enough.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from regulars.kernel.clock import MICROSECONDS_PER_SECOND, Clock

LOOK_EVERY_US = MICROSECONDS_PER_SECOND
AGAIN = 1.2
SHARE_MAX = 10  # never more than this part of the disk is kept free
LOOK_AFTER_SHARE = 8  # of what is kept free: after so many bytes the disk is looked at again


class Room(NamedTuple):
    """How much is free, how much must be, and whether more may be taken in."""

    free_bytes: int
    needed_bytes: int
    is_open: bool


class Headroom:
    """The room that is left on the disk of a folder. `bytes_min` of 0 takes all there is."""

    def __init__(self, folder: Path, clock: Clock, *, bytes_min: int) -> None:
        self._folder = folder
        self._clock = clock
        self._bytes_min = bytes_min
        self._looked_us = -LOOK_EVERY_US
        self._unseen_bytes = 0
        self._unseen_bytes_max = 0
        self._room = Room(0, 0, is_open=True)

    def has_room(self, size: int = 0) -> bool:
        """Return whether `size` bytes more may be taken in; they count as taken."""
        self._unseen_bytes += size
        if self._unseen_bytes > self._unseen_bytes_max or self._clock.now_us() - self._looked_us >= LOOK_EVERY_US:
            self._look()
        return self._room.is_open

    def room(self) -> Room:
        """Return how much room there is, as of at most a second ago."""
        self.has_room()
        return self._room

    def _look(self) -> None:
        self._looked_us, self._unseen_bytes = self._clock.now_us(), 0
        try:
            found = os.statvfs(self._folder)
        except OSError:
            return  # not there yet, or away: whoever writes will be told what is wrong
        free = found.f_bavail * found.f_frsize
        needed = min(self._bytes_min, found.f_blocks * found.f_frsize // SHARE_MAX)
        border = needed if self._room.is_open else int(needed * AGAIN)
        self._room = Room(free, needed, is_open=free >= border)
        self._unseen_bytes_max = needed // LOOK_AFTER_SHARE
