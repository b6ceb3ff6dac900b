"""A process that appends until it is killed, and tells through a pipe what it was told.

Each record says who wrote it (run, sender, number) and carries filler that follows from that, so that a record that
nobody wrote, or half of one, is found out.
"""

from __future__ import annotations

import asyncio
import hashlib
import multiprocessing
import os
import random
import resource
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from regulars.kernel.errors import DiskFullError
from regulars.kernel.eventlog import EventLog

SENDERS = 12
FILLER_BYTES = (0, 40, 900, 5_000, 30_000)
WAIT_S = 20.0
REFUSALS = 5

_HEAD = struct.Struct(">III")
_TOLD = struct.Struct(">QII?")
_processes = multiprocessing.get_context("forkserver")  # starts in milliseconds, and shares no lock with the test
_processes.set_forkserver_preload([__name__, "regulars.kernel.eventlog.sqlite"])


class Wrote(NamedTuple):
    """Who wrote a record."""

    run: int
    sender: int
    number: int


class Acknowledged(NamedTuple):
    """What a sender was told; `after_refusal` when its process had met a full disk before."""

    offset: int
    sender: int
    number: int
    after_refusal: bool


def payload_of(wrote: Wrote) -> bytes:
    """Return the one payload that belongs to a sender's record.

    >>> check(payload_of(Wrote(1, 2, 3)))
    Wrote(run=1, sender=2, number=3)
    """
    head = _HEAD.pack(*wrote)
    seed = hashlib.blake2b(head, digest_size=32).digest()
    size = FILLER_BYTES[seed[0] % len(FILLER_BYTES)]
    return head + (seed * (size // len(seed) + 1))[:size]


def check(payload: bytes) -> Wrote:
    """Return who wrote a payload; it must be whole."""
    wrote = Wrote(*_HEAD.unpack_from(payload))
    assert payload == payload_of(wrote), "a record that nobody wrote like this"
    return wrote


class Appender:
    """The appending process, seen from outside."""

    def __init__(
        self,
        open_at: Callable[[Path, str | None], EventLog],
        place: Path,
        *,
        seed: int,
        file_bytes_max: int | None = None,
    ) -> None:
        self._told: list[Acknowledged] = []
        self._reading, writing = _processes.Pipe(duplex=False)
        self._process = _processes.Process(
            target=_append_for_ever, args=(open_at, place, seed, writing, file_bytes_max), daemon=True
        )
        with _no_main():
            self._process.start()
        writing.close()
        self.refused = 0

    def wait_for(self, acknowledged: int) -> None:
        """Wait until so many records were acknowledged."""
        while len(self._told) < acknowledged:
            assert self._reading.poll(WAIT_S), "the appending process has died or hangs"
            self._hear()

    def kill(self) -> list[Acknowledged]:
        """Stop it this instant and return what it was told."""
        self._process.kill()
        return self.finish()

    def finish(self) -> list[Acknowledged]:
        """Wait for its end and return what it was told."""
        try:
            while self._reading.poll(WAIT_S):
                self._hear()
        except (EOFError, OSError):  # it is gone, perhaps in the middle of a word
            pass
        self._process.join(WAIT_S)
        self._process.close()
        self._reading.close()
        return self._told

    def _hear(self) -> None:
        word = self._reading.recv_bytes()
        if len(word) == _TOLD.size:
            self._told.append(Acknowledged(*_TOLD.unpack(word)))
        else:
            self.refused += 1


class Packer:
    """A process that packs, lets go and rewrites with the same words, until it is killed."""

    def __init__(self, open_at: Callable[[Path, str | None], EventLog], place: Path, *, seed: int) -> None:
        self._reading, writing = _processes.Pipe(duplex=False)
        self._process = _processes.Process(target=_pack_for_ever, args=(open_at, place, seed, writing), daemon=True)
        with _no_main():
            self._process.start()
        writing.close()
        self._told = 0

    def wait_for(self, steps: int) -> None:
        """Wait until it has done so many things."""
        while self._told < steps:
            assert self._reading.poll(WAIT_S), "the packing process has died or hangs"
            self._reading.recv_bytes()
            self._told += 1

    def kill(self) -> int:
        """Stop it this instant and return how many things it did."""
        self._process.kill()
        try:
            while self._reading.poll(WAIT_S):
                self._reading.recv_bytes()
                self._told += 1
        except (EOFError, OSError):
            pass
        self._process.join(WAIT_S)
        self._process.close()
        self._reading.close()
        return self._told


@contextmanager
def _no_main() -> Iterator[None]:
    """Keep a new process from importing the program that runs the tests: it needs nothing of it, and saves a second."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@dataclass
class _State:
    told: Connection
    refused: bool = False


def _append_for_ever(
    open_at: Callable[[Path, str | None], EventLog], place: Path, run: int, told: Connection, bytes_max: int | None
) -> None:
    log = open_at(place, "web-0")
    if bytes_max is not None:
        _limit_files(bytes_max)
    asyncio.run(_senders(log, run, _State(told), limited=bytes_max is not None))
    log.close()
    os._exit(0)


def _pack_for_ever(open_at: Callable[[Path, str | None], EventLog], place: Path, run: int, told: Connection) -> None:
    log, chance = open_at(place, None), random.Random(run)
    while True:
        packed = log.pack("web-0", fresh_bytes=0, segment_bytes=60_000)
        if packed is not None:
            told.send_bytes(b"packed")
        step = chance.random()
        if step < 0.2:
            for record in log.read("web-0", after=chance.randrange(log.end("web-0") + 1), records_max=1):
                log.rewrite("web-0", {record.offset: record.payload})
        elif step < 0.25:
            log.trim("web-0", through=log.start("web-0") + chance.randrange(200))
        elif step < 0.28:
            log.scrub("web-0")


async def _senders(log: EventLog, run: int, state: _State, *, limited: bool) -> None:
    await asyncio.gather(*(_send(log, run, sender, state, limited=limited) for sender in range(SENDERS)))


async def _send(log: EventLog, run: int, sender: int, state: _State, *, limited: bool) -> None:
    number = refusals = after = 0
    while after < SENDERS:
        try:
            offset = await log.append(payload_of(Wrote(run, sender, number)))
        except DiskFullError:
            refusals += 1
            state.told.send_bytes(b"full")
            if refusals == REFUSALS:
                state.refused = True
                _limit_files(resource.RLIM_INFINITY)
            await asyncio.sleep(0)
        else:
            state.told.send_bytes(_TOLD.pack(offset, sender, number, state.refused))
            after += limited and state.refused
        number += 1


def _limit_files(bytes_max: int) -> None:
    """Let no file of this process grow beyond: the nearest thing to a full disk that needs no rights."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_max, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
