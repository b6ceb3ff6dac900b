"""Whose write key is this? Answered from a snapshot on disk, so that the door needs no database.

`Events` writes the snapshot whenever a source changes; the door reads it again when the file has changed, at most once
a second, and at once when a key is unknown (a source may be a moment old).
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from regulars.events.core import SourceKind
from regulars.kernel.clock import Clock
from regulars.kernel.ids import SourceId

FILE_NAME = "keys.json"
LOOK_EVERY_US = 1_000_000
LOOK_AGAIN_US = 20_000  # strangers with wrong keys shall not make the door stat a file for each of them


class KeyedSource(msgspec.Struct, frozen=True):
    """A source as the door knows it, by one of its keys.

    `until_us` is set for a key that was replaced: it opens until then. `cookie` tells whether the source may keep a
    visitor's id in a cookie of ours.
    """

    source_id: SourceId
    name: str
    kind: SourceKind
    write_key: str
    enabled: bool
    until_us: int = 0
    cookie: bool = False


class Keys:
    """The write keys of a shop, as of at most a second ago."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._path = folder / FILE_NAME
        self._clock = clock
        self._looked_us = 0
        self._stamp: tuple[int, int, int] | None = None
        self._sources: dict[str, KeyedSource] = {}

    def source_of(self, write_key: str) -> KeyedSource | None:
        """Return the source that a key opens, None when it opens none."""
        now_us = self._clock.now_us()
        age_us = now_us - self._looked_us
        if age_us >= LOOK_EVERY_US or (write_key not in self._sources and age_us >= LOOK_AGAIN_US):
            self._look()
        source = self._sources.get(write_key)
        return None if source is not None and 0 < source.until_us <= now_us else source

    def replaced(self, write_key: str) -> KeyedSource | None:
        """Return the source that a key opened once and no longer does."""
        source = self._sources.get(write_key)
        return source if source is not None and 0 < source.until_us <= self._clock.now_us() else None

    def _look(self) -> None:
        self._looked_us = self._clock.now_us()
        try:
            found = self._path.stat()
            stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
            if stamp != self._stamp:
                sources = msgspec.json.decode(self._path.read_bytes(), type=list[KeyedSource])
                self._sources = {source.write_key: source for source in sources}
                self._stamp = stamp
        except (OSError, msgspec.MsgspecError):
            return  # not there yet: what we know stays true; the next look tries again


def write_keys(folder: Path, sources: list[KeyedSource]) -> None:
    """Replace the snapshot in one step, durably."""
    path = folder / FILE_NAME
    new = path.with_name(f"{FILE_NAME}.{os.getpid()}.new")
    with new.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(sources), indent=1))
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
