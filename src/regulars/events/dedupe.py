"""Has this event been here before? Exact within the window, at the same cost however large the shop grows.

An event's key is 16 bytes of BLAKE2b over its source and message id. The newest keys live in a set in memory; their
rows, one per batch, are appended in the worker's own transaction. When enough have gathered they are sealed into a run:
pages of keys by their first bits, and a Bloom filter (Bloom 1970). A new event is turned away from every run by the
filters, in memory; only where a filter says "perhaps" is one page read, and the page decides. So a key never touches a
large tree, nothing is ever forgotten early, and a wrong "perhaps" costs a page, never an event.

What is in memory only mirrors the tables: it changes after a commit, and is read again when the tables moved on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from regulars.events import worker_store as store
from regulars.events.worker_store import SeenRow

KEY_BYTES = 16
SEAL_KEYS = 1 << 18  # keys of a run: 4 MB of pages, 0.5 MB of filter; docs/decisions/dedupe.md
KEYS_A_PAGE = 256  # 4 kB, one page of the database
FILTER_BITS_A_KEY = 16
RUNS_A_BLOCK = 32
FILTER_PROBES = 6  # 0.1 % of new keys meet a wrong "perhaps" in a full run


def key_of(source_id: str, message_id: str) -> bytes:
    """Return the 16 bytes that stand for a message of a source.

    >>> key_of("web", "m-1") == key_of("web", "m-1"), key_of("web", "m-1") == key_of("we", "bm-1")
    (True, False)
    """
    whole = f"{source_id}\x00{message_id}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(whole, digest_size=KEY_BYTES).digest()


class Seen:
    """Which keys have been seen. Call `sift`, then `remember`, then `committed` or `rolled_back`."""

    def __init__(self, *, window_us: int, seal_keys: int = SEAL_KEYS) -> None:
        assert seal_keys & (seal_keys - 1) == 0, "pages and filters are cut by whole bits"
        self._window_us = window_us
        self._seal_keys = seal_keys
        self._filters = Filters(seal_keys * FILTER_BITS_A_KEY)
        self._young: set[bytes] = set()
        self._marks: tuple[int, int] | None = None
        self._pending: tuple[list[bytes], tuple[int, int] | None] | None = None

    def sift(self, connection: Connection, keys: Sequence[bytes]) -> list[bool]:
        """Return for each key whether it is new; of two equal keys only the first is."""
        self._follow(connection)
        known = self._among_runs(connection, keys)
        young = self._young
        new: list[bool] = []
        within: set[bytes] = set()
        for index, key in enumerate(keys):
            is_new = key not in young and key not in within and index not in known
            new.append(is_new)
            if is_new:
                within.add(key)
        return new

    def remember(self, connection: Connection, keys: Sequence[bytes], newest_us: int) -> None:
        """Write new keys down, in order; `newest_us` is the latest moment one of them was received."""
        if not keys:
            return
        assert self._marks is not None, "keys are sifted before they are remembered"
        young_id = self._marks[0] + 1
        store.add_young(connection, SeenRow(young_id, newest_us, b"".join(keys)))
        after: tuple[int, int] | None = (young_id, self._marks[1])
        if len(self._young) + len(keys) >= self._seal_keys:
            self._seal(connection)
            after = None
        self._pending = (list(keys), after)

    def committed(self) -> None:
        """Take what was remembered into memory, now that it is durable."""
        if self._pending is not None:
            keys, self._marks = self._pending
            self._young.update(keys)
            self._pending = None

    def rolled_back(self) -> None:
        """Drop what was remembered: it never happened."""
        self._pending = None

    def _follow(self, connection: Connection) -> None:
        marks = store.seen_marks(connection)
        if marks == self._marks:
            return
        self._young = {
            row.bytes_[start : start + KEY_BYTES]
            for row in store.young_rows(connection)
            for start in range(0, len(row.bytes_), KEY_BYTES)
        }
        self._filters.keep(store.run_ids(connection))
        for run in store.runs(connection, after=self._filters.newest):
            self._filters.add(run.number, run.bytes_)
        self._marks = marks

    def _among_runs(self, connection: Connection, keys: Sequence[bytes]) -> set[int]:
        suspects = [one for one in self._filters.perhaps(keys) if keys[one[0]] not in self._young]
        if not suspects:
            return set()
        page_of = page_numbers(b"".join(keys[index] for index, _ in suspects), self._seal_keys).tolist()
        places = [store.place_of(run_id, page) for (_, run_id), page in zip(suspects, page_of, strict=True)]
        pages = store.pages(connection, set(places))
        return {
            index
            for (index, _), place in zip(suspects, places, strict=True)
            if _holds(pages.get(place, b""), keys[index])
        }

    def _seal(self, connection: Connection) -> None:
        rows = store.young_rows(connection)
        keys = b"".join(row.bytes_ for row in rows)
        newest_us = max(row.newest_us for row in rows)
        whole = len(keys) // KEY_BYTES // self._seal_keys * self._seal_keys * KEY_BYTES
        run_id = store.seen_marks(connection)[1]
        store.clear_young(connection)
        for start in range(0, whole, self._seal_keys * KEY_BYTES):
            run_id += 1
            part = keys[start : start + self._seal_keys * KEY_BYTES]
            run = SeenRow(run_id, newest_us, self._filters.filter_of(part))
            store.add_run(connection, run, pages_of(part, self._seal_keys))
        if whole < len(keys):
            store.add_young(connection, SeenRow(rows[-1].number, newest_us, keys[whole:]))
        store.drop_runs_older_than(connection, newest_us - self._window_us)


class Filters:
    """One Bloom filter per run, all of one size, laid across each other in memory.

    A word holds the same bit of 32 filters, so that one look asks them all: what a key costs grows by six looks with
    every eight million keys.
    """

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self._run_ids: list[int | None] = []
        self._blocks: list[NDArray[np.uint32]] = []

    @property
    def newest(self) -> int:
        """Return the newest run that is here, 0 when there is none."""
        return max((run_id for run_id in self._run_ids if run_id is not None), default=0)

    def keep(self, run_ids: Sequence[int]) -> None:
        """Drop every run that is not among these."""
        staying = set(run_ids)
        for slot, run_id in enumerate(self._run_ids):
            if run_id is not None and run_id not in staying:
                self._blocks[slot // RUNS_A_BLOCK] &= ~_bit(slot)
                self._run_ids[slot] = None

    def add(self, run_id: int, filter_: bytes) -> None:
        """Put the filter of a run beside the others."""
        if None not in self._run_ids:
            self._run_ids += [None] * RUNS_A_BLOCK
            self._blocks.append(np.zeros(self._bits, dtype=np.uint32))
        slot = self._run_ids.index(None)
        self._run_ids[slot] = run_id
        held = np.unpackbits(np.frombuffer(filter_, dtype=np.uint8), bitorder="little")
        self._blocks[slot // RUNS_A_BLOCK] |= held * _bit(slot)

    def perhaps(self, keys: Sequence[bytes]) -> list[tuple[int, int]]:
        """Return (index of the key, run) for every run that may hold a key; never leaves out one that does."""
        if not self._blocks or not keys:
            return []
        places = self._places(b"".join(keys))
        found: list[tuple[int, int]] = []
        for number, block in enumerate(self._blocks):
            held = block[places[0]]
            for place in places[1:]:
                held &= block[place]
            for index in np.nonzero(held)[0].tolist():
                found.extend((index, run_id) for run_id in self._runs_in(number, int(held[index])))
        return found

    def _runs_in(self, block: int, word: int) -> list[int]:
        slots = self._run_ids[block * RUNS_A_BLOCK : (block + 1) * RUNS_A_BLOCK]
        return [run_id for bit, run_id in enumerate(slots) if word >> bit & 1 and run_id is not None]

    def filter_of(self, keys: bytes) -> bytes:
        """Return the filter that holds these keys."""
        bits = np.zeros(self._bits, dtype=np.bool_)
        for place in self._places(keys):
            bits[place] = True
        return np.packbits(bits, bitorder="little").tobytes()

    def _places(self, keys: bytes) -> list[NDArray[np.int64]]:
        halves = np.frombuffer(keys, dtype="<u8").reshape(-1, 2)
        step = halves[:, 1] | np.uint64(1)
        mask = np.uint64(self._bits - 1)
        return [((halves[:, 0] + np.uint64(probe) * step) & mask).astype(np.int64) for probe in range(FILTER_PROBES)]


def page_numbers(keys: bytes, seal_keys: int) -> NDArray[np.int64]:
    """Return the page of each key in a run of `seal_keys`: its first bits."""
    first = np.frombuffer(keys, dtype=">u4").reshape(-1, KEY_BYTES // 4)[:, 0]
    pages = max(1, seal_keys // KEYS_A_PAGE)
    return (first >> np.uint32(33 - pages.bit_length())).astype(np.int64) if pages > 1 else first.astype(np.int64) * 0


def pages_of(keys: bytes, seal_keys: int) -> list[tuple[int, bytes]]:
    """Return the keys of a run gathered by page, in order of page."""
    numbers = page_numbers(keys, seal_keys)
    order = np.argsort(numbers, kind="stable")
    table = np.frombuffer(keys, dtype=np.uint8).reshape(-1, KEY_BYTES)[order]
    present, starts = np.unique(numbers[order], return_index=True)
    ends = [*starts[1:].tolist(), len(table)]
    return [
        (int(page), table[start:end].tobytes())
        for page, start, end in zip(present.tolist(), starts.tolist(), ends, strict=True)
    ]


def _bit(slot: int) -> np.uint32:
    return np.uint32(1 << slot % RUNS_A_BLOCK)


def _holds(page: bytes, key: bytes) -> bool:
    at = page.find(key)
    while at >= 0 and at % KEY_BYTES:
        at = page.find(key, at + 1)
    return at >= 0
