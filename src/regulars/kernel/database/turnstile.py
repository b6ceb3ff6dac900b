"""Who may write next? Writers of one SQLite file, in any thread or process, go one by one, in turn.

SQLite lets a waiting writer try again at growing intervals up to 100 ms, so that one who writes again and again starves
the others: beside a worker with batches of 0.1 s, a single write waited 14 s at worst, and 95 ms with this turnstile
(docs/decisions/state-database.md). The trick is two doors: who waits for the second holds the first, so that who
just left cannot overtake. The operating system opens both when a process dies.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from regulars.kernel.errors import DatabaseBusyError

if sys.platform != "win32":
    import fcntl

POLL_S = 0.002


class Turnstile:
    """Lets one writer through at a time; those who wait are not overtaken by the one who just left."""

    def __init__(self, path: Path, *, wait_s_max: float) -> None:
        self._paths = (path.with_name(path.name + "-next"), path.with_name(path.name + "-turn"))
        self._wait_s_max = wait_s_max
        self._doors = (threading.Lock(), threading.Lock())
        self._inside = threading.local()
        self._files: tuple[int, ...] = ()
        self._process = 0
        self._opening = threading.Lock()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for one's turn and keep it until the end of the block.

        Raises
        ------
        DatabaseBusyError
            When the turn does not come in time.

        """
        if getattr(self._inside, "now", False):
            raise RuntimeError(
                "A transaction was begun within a transaction of the same thread; it would wait for itself."
            )
        until = time.monotonic() + self._wait_s_max
        with ExitStack() as held:
            with ExitStack() as waiting:
                self._pass(waiting, 0, until)
                self._pass(held, 1, until)
            self._inside.now = True
            held.callback(self._leave)
            yield

    def close(self) -> None:
        """Let go of the lock files."""
        for file in self._files if self._process == os.getpid() else ():
            os.close(file)
        self._files = ()

    def _leave(self) -> None:
        self._inside.now = False

    def _pass(self, held: ExitStack, door: int, until: float) -> None:
        lock = self._doors[door]
        if not lock.acquire(timeout=max(0.0, until - time.monotonic())):
            raise _too_long(self._wait_s_max)
        held.callback(lock.release)
        if sys.platform != "win32":
            file = self._opened()[door]
            while not _locked(file):
                _pause(until, self._wait_s_max)
            held.callback(fcntl.flock, file, fcntl.LOCK_UN)

    def _opened(self) -> tuple[int, ...]:
        with self._opening:
            if self._process != os.getpid():  # a forked child must not share its parent's locks
                self._files = tuple(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600) for path in self._paths)
                self._process = os.getpid()
            return self._files


if sys.platform != "win32":

    def _locked(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _pause(until: float, wait_s_max: float) -> None:
    if time.monotonic() >= until:
        raise _too_long(wait_s_max)
    time.sleep(POLL_S)


def _too_long(wait_s_max: float) -> DatabaseBusyError:
    return DatabaseBusyError(f"Somebody else has been writing to the state database for over {wait_s_max:g} s.")
