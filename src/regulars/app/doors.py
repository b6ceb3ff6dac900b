"""What do all doors of the shop say of themselves? Each web process leaves a word where the others find it.

The supervisor gives its processes a folder in memory to count in (`web.observe`); the words lie there too, one file a
process. Without one there is only this process.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import msgspec

from regulars.app.health import Trouble, door_troubles
from regulars.app.shop import Shop
from regulars.events.door import DoorStats
from regulars.web.observe import MULTIPROCESS_FOLDER

SAY_EVERY_S = 1.0
FRESH_US = 5_000_000  # a process that has said nothing for so long is gone; what it counted still counts

_log = logging.getLogger(__name__)


class Word(msgspec.Struct, frozen=True, kw_only=True):
    """What one process says: when, what came through its door, and what is wrong with it."""

    at_us: int
    stats: DoorStats
    troubles: list[Trouble]


class DoorsNow(msgspec.Struct, frozen=True, kw_only=True):
    """All doors together: counts are sums since the shop was opened, waits those of the slowest that is open."""

    processes: int
    stats: DoorStats
    troubles: list[Trouble]


class Doors:
    """Says this process's word, and knows the others'."""

    def __init__(self, shop: Shop, stats: Callable[[], DoorStats], *, folder: Path | None = None) -> None:
        given = os.environ.get(MULTIPROCESS_FOLDER)
        self._folder = folder or (Path(given) if given else None)
        self._shop = shop
        self._stats = stats

    def start(self) -> None:
        """Say a word each second from now on; called in the event loop."""
        if self._folder is not None:
            self.say()
            asyncio.get_running_loop().call_later(SAY_EVERY_S, self.start)

    def say(self) -> None:
        """Leave this process's word for the others."""
        assert self._folder is not None, "there is a place for it"
        path = self._folder / f"door-{os.getpid()}.json"
        new = path.with_suffix(".new")
        try:
            new.write_bytes(msgspec.json.encode(self._own()))
            new.replace(path)
        except OSError as error:
            _log.warning("the other web processes do not hear of this one: %s", error.strerror)

    def now(self) -> DoorsNow:
        """Return what all doors say."""
        own = self._own()
        return together([own, *self._others()], now_us=own.at_us)

    def _own(self) -> Word:
        return Word(at_us=self._shop.clock.now_us(), stats=self._stats(), troubles=list(door_troubles(self._shop)))

    def _others(self) -> Iterable[Word]:
        if self._folder is None:
            return
        for path in sorted(self._folder.glob("door-*.json")):
            process = int(path.stem.removeprefix("door-"))
            if process != os.getpid():
                with suppress(OSError, msgspec.MsgspecError):  # it ended just now
                    word = msgspec.json.decode(path.read_bytes(), type=Word)
                    yield word if is_running(process) else msgspec.structs.replace(word, at_us=0)


def is_running(process: int) -> bool:
    """Return whether there is a process of this number; one that was killed is gone before its word is stale."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it runs, for somebody else
        return True
    return True


def together(words: list[Word], *, now_us: int) -> DoorsNow:
    """Return all words as one; of those that are gone only the counts."""
    fresh = [word for word in words if now_us - word.at_us < FRESH_US]
    answers: dict[int, int] = {}
    for word in words:
        for status, count in word.stats.answers.items():
            answers[status] = answers.get(status, 0) + count
    accepted = [word.stats.last_accepted_us for word in words if word.stats.last_accepted_us is not None]
    return DoorsNow(
        processes=len(fresh),
        stats=DoorStats(
            requests=sum(word.stats.requests for word in words),
            events=sum(word.stats.events for word in words),
            bytes=sum(word.stats.bytes for word in words),
            answers=answers,
            commit_ms_p50=max((word.stats.commit_ms_p50 for word in fresh), default=0.0),
            commit_ms_p99=max((word.stats.commit_ms_p99 for word in fresh), default=0.0),
            last_accepted_us=max(accepted, default=None),
        ),
        troubles=list({trouble.code: trouble for word in fresh for trouble in word.troubles}.values()),
    )
