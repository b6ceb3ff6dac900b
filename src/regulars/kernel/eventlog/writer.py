"""The one thread that appends to a partition: group commit, and checkpoints off the way of those who wait."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import BinaryIO, NamedTuple, cast

from regulars.kernel.clock import Clock
from regulars.kernel.errors import ConflictError, DiskFullError, RegularsError, UnavailableError
from regulars.kernel.eventlog.core import LogBusyError, LogPressure
from regulars.kernel.eventlog.file import (
    APPEND_GROUP,
    GROUP_BYTES_MAX,
    GROUP_RECORDS_MAX,
    LAST_GROUP,
    PAGE_BYTES,
    TRIMMED_THROUGH,
    connect,
    encode_payloads,
)
from regulars.kernel.sayings import said

QUEUE_BYTES_MAX = 64 << 20  # more than a second of the fastest traffic measured; above, callers are sent away
WAIT_S_MAX = 5.0  # so long may the longest wait; SDKs give a request up after 10 to 15 s, and then send it again
REOPEN = 0.5  # callers are sent away until only so much of that is left
TROUBLE_S = 10.0  # so long a refusal by the disk is told to those who ask how it is
CHECKPOINT_BYTES = 4 << 20  # commits wait while the disk flushes what was copied: p99 35 ms with 16 MB, 17 with 4
DISK_FULL_RETRY_S = 10


class _Waiting(NamedTuple):
    """Payloads that wait for a commit since some moment, and whom to tell: nobody, a thread, a coroutine of a loop."""

    payloads: Sequence[bytes]
    size: int
    since_s: float
    answer: asyncio.Future[int] | Future[int] | None
    loop: asyncio.AbstractEventLoop | None


class PartitionWriter:
    """Appends to one partition. Made by the only process that may; a second one is refused."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._lock_file = _claim(path)
        try:
            self._connection = _opened(path)
            self._end = _end(self._connection)
        except BaseException:
            self._lock_file.close()
            raise
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._queued_bytes = 0
        self._longest_since_s = 0.0  # since when the first of those being committed waits, 0 while nobody does
        self._is_busy = False
        self._trouble = ""
        self._trouble_s = -TROUBLE_S
        self._counting = threading.Lock()
        self._closed = False
        self._checkpointer = _Checkpointer(path)
        self._thread = threading.Thread(target=self._run, name=f"log-{path.name}", daemon=True)
        self._thread.start()

    async def append(self, payload: bytes) -> int:
        """Make one record durable and return its offset."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[int] = loop.create_future()
        self._enqueue(_Waiting((payload,), len(payload), time.monotonic(), answer, loop))
        return await answer

    def append_soon(self, payload: bytes) -> None:
        """Queue a record and do not wait."""
        with suppress(UnavailableError):
            self._enqueue(_Waiting((payload,), len(payload), time.monotonic(), None, None))

    def append_many(self, payloads: Sequence[bytes]) -> list[int]:
        """Make records durable in one commit and return their offsets."""
        answer: Future[int] = Future()
        self._enqueue(_Waiting(payloads, sum(map(len, payloads)), time.monotonic(), answer, None))
        first = answer.result()
        return list(range(first, first + len(payloads)))

    def pressure(self) -> LogPressure:
        """Return what waits, and whether more is taken."""
        now_s = time.monotonic()
        with self._counting:
            is_busy = self._measured(now_s)
        return LogPressure(
            bytes=self._queued_bytes,
            waited_s=self._waited_s(now_s),
            is_busy=is_busy,
            trouble=self._trouble if now_s - self._trouble_s < TROUBLE_S else "",
        )

    def close(self) -> None:
        """Finish what is queued, fold the journal into the file, and let go."""
        with self._counting:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        self._thread.join()
        self._checkpointer.close()
        self._connection.close()
        self._lock_file.close()

    def _enqueue(self, waiting: _Waiting) -> None:
        with self._counting:
            if self._closed:
                raise UnavailableError(said("log_closing", "The log is being closed."), retry_after_s=2)
            if self._measured(waiting.since_s):
                raise LogBusyError(
                    said("log_busy", "More arrives than the disk can take; come back shortly."), retry_after_s=2
                )
            self._queued_bytes += waiting.size
            self._queue.put(waiting)

    def _measured(self, now_s: float) -> bool:
        """Return whether too much waits, or for too long; once it did, until half of it is gone."""
        share = REOPEN if self._is_busy else 1.0
        too_much = self._queued_bytes > QUEUE_BYTES_MAX * share
        self._is_busy = too_much or self._waited_s(now_s) > WAIT_S_MAX * share
        return self._is_busy

    def _waited_s(self, now_s: float) -> float:
        since_s = self._longest_since_s
        return now_s - since_s if since_s else 0.0

    def _run(self) -> None:
        while True:
            group, last = self._take()
            if group:
                self._commit(group)
            if last:
                return

    def _take(self) -> tuple[list[_Waiting], bool]:
        """Wait for somebody, then take all that queued meanwhile; also say whether that was the end."""
        group: list[_Waiting] = []
        taken_bytes = 0
        waiting = self._queue.get()
        while waiting is not None:
            group.append(waiting)
            taken_bytes += waiting.size
            if taken_bytes >= GROUP_BYTES_MAX:
                break
            try:
                waiting = self._queue.get_nowait()
            except Empty:
                break
        with self._counting:
            self._queued_bytes -= taken_bytes
        return group, waiting is None

    def _commit(self, group: list[_Waiting]) -> None:
        self._longest_since_s = group[0].since_s
        payloads = [payload for waiting in group for payload in waiting.payloads]
        first = self._end + 1
        rows = _rows(payloads, first, self._clock.now_us())
        try:
            self._insert(rows)
        except sqlite3.Error as error:
            trouble = _as_trouble(error)
            self._trouble, self._trouble_s = str(trouble), time.monotonic()
            self._longest_since_s = 0.0
            _tell(group, first, trouble)
            return
        self._end += len(payloads)
        self._trouble = ""
        self._longest_since_s = 0.0
        _tell(group, first, None)
        self._checkpointer.look(self._connection, sum(len(row[3]) for row in rows))

    def _insert(self, rows: list[_Row]) -> None:
        connection = self._connection
        if len(rows) == 1:
            connection.execute(APPEND_GROUP, rows[0])  # a statement is its own transaction
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.executemany(APPEND_GROUP, rows)
            connection.execute("COMMIT")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


_Row = tuple[int, int, int, bytes]


def _rows(payloads: list[bytes], first: int, accepted_us: int) -> list[_Row]:
    """Return the rows of one commit: nearly always one; several when somebody appends very much at once."""
    rows: list[_Row] = []
    begin = size = 0
    for place, payload in enumerate(payloads, 1):
        size += len(payload)
        if size >= GROUP_BYTES_MAX or place - begin >= GROUP_RECORDS_MAX or place == len(payloads):
            rows.append((first + begin, place - begin, accepted_us, encode_payloads(payloads[begin:place])))
            begin, size = place, 0
    return rows


class _Checkpointer:
    """Folds the journal back into the file. The bulk is copied by its own thread, the writer only finishes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread: threading.Thread | None = None
        self._journal_bytes = 0

    def look(self, connection: sqlite3.Connection, appended_bytes: int) -> None:
        """Called by the writer after each commit: start copying when the journal is long, finish when that is done."""
        self._journal_bytes += appended_bytes + PAGE_BYTES
        if self._thread is not None:
            if not self._thread.is_alive():
                self._thread = None
                self._journal_bytes = 0
                with suppress(sqlite3.Error):  # a full disk: the next commit says so
                    connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        elif self._journal_bytes > CHECKPOINT_BYTES:
            self._thread = threading.Thread(target=self._copy, name=f"checkpoint-{self._path.name}", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Wait for the copying to end."""
        if self._thread is not None:
            self._thread.join()

    def _copy(self) -> None:
        with suppress(sqlite3.Error):
            connection = connect(self._path, must_exist=True)
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
            connection.close()


def _claim(path: Path) -> BinaryIO:
    import fcntl

    lock_file = path.with_name(path.name.removesuffix(".log.db") + ".lock").open("ab")
    try:
        fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock_file.close()
        raise ConflictError(
            f"Another process already appends to the log {path.name!r}: this shop is open there. "
            "Close it there first, or open the log with another partition."
        ) from None
    return lock_file


def _opened(path: Path) -> sqlite3.Connection:
    try:
        return connect(path)
    except sqlite3.Error as error:
        raise _as_trouble(error) from error


def _end(connection: sqlite3.Connection) -> int:
    row = connection.execute(LAST_GROUP).fetchone() or connection.execute(TRIMMED_THROUGH).fetchone()
    return int(row[0]) if row else 0


def _as_trouble(error: sqlite3.Error) -> RegularsError:
    primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if primary in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}:
        return DiskFullError(
            f"Nothing more can be written to the log ({error}). Make room on its disk; senders will try again.",
            retry_after_s=DISK_FULL_RETRY_S,
        )
    return UnavailableError(f"The log cannot be written: {error}.")


def _tell(group: list[_Waiting], first: int, trouble: RegularsError | None) -> None:
    """Tell everybody who waited; a loop is woken once for all who wait in it."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[int], int]]] = {}
    for waiting in group:
        answer = waiting.answer
        if waiting.loop is not None:
            by_loop.setdefault(waiting.loop, []).append((cast("asyncio.Future[int]", answer), first))  # made by append
        elif isinstance(answer, Future):
            answer.set_result(first) if trouble is None else answer.set_exception(trouble)
        first += len(waiting.payloads)
    for loop, told in by_loop.items():
        with suppress(RuntimeError):  # the loop was closed meanwhile; nobody waits any more
            loop.call_soon_threadsafe(_tell_in_loop, told, trouble)


def _tell_in_loop(told: list[tuple[asyncio.Future[int], int]], trouble: RegularsError | None) -> None:
    for answer, first in told:
        if answer.done():
            continue  # whoever waited has hung up
        if trouble is None:
            answer.set_result(first)
        else:
            answer.set_exception(trouble)
