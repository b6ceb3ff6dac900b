"""Has this event been here before, and did it say the same? Exact within the window, at the same cost however large
the shop grows.

An event's key is 16 bytes of BLAKE2b over its source and message id; beside it stand 4 bytes of what it said. The
newest keys live in memory; their rows, one per batch, are appended in the worker's own transaction. When enough have
gathered they are sealed into a run: pages of keys by their first bits, and a Bloom filter (Bloom 1970). A new event is
turned away from every run by the filters, in memory; only where a filter says "perhaps" is one page read, and the page
decides. So a key never touches a large tree, nothing is ever forgotten early, and a wrong "perhaps" costs a page,
never an event.

What is in memory only mirrors the tables: it changes after a commit, and is read again when the tables moved on.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from regulars.events import worker_store as store
from regulars.events.core import Event
from regulars.events.worker_store import SeenRow

KEY_BYTES = 16
CONTENT_BYTES = 4  # one in four thousand million differences goes unnoticed
UNKNOWN = 0  # what a key said is not known: remembered by an older version, or news of our own
SEAL_KEYS = 1 << 18  # keys of a run: 5 MB of pages, 0.5 MB of filter; docs/decisions/dedupe.md
KEYS_A_PAGE = 256  # 5 kB
FILTER_BITS_A_KEY = 16
RUNS_A_BLOCK = 32
FILTER_PROBES = 6  # 0.1 % of new keys meet a wrong "perhaps" in a full run
_MARK = b"\x01"  # begins keys with contents; keys alone, as older versions wrote them, have an even number of bytes
_pack = msgspec.msgpack.Encoder(order="deterministic").encode


class Sighting(IntEnum):
    """What is known of an event: it is new, it came before and said the same, or it came before and said otherwise."""

    NEW = 0
    SAME = 1
    OTHER = 2


class Keys(NamedTuple):
    """Keys, one after the other, and what each of them said."""

    keys: bytes
    contents: NDArray[np.uint32]

    def packed(self) -> bytes:
        """Return them as they are kept."""
        return _MARK + self.keys + self.contents.astype("<u4").tobytes()

    @classmethod
    def unpacked(cls, kept: bytes) -> Keys:
        """Return what was kept, with or without contents.

        >>> Keys.unpacked(Keys(b"k" * 32, np.array([7, 8], dtype=np.uint32)).packed()).contents.tolist()
        [7, 8]
        >>> Keys.unpacked(b"k" * 32).contents.tolist()
        [0, 0]
        """
        if len(kept) % 2 == 0:
            return cls(kept, np.zeros(len(kept) // KEY_BYTES, dtype=np.uint32))
        keys = (len(kept) - 1) // (KEY_BYTES + CONTENT_BYTES)
        end = 1 + keys * KEY_BYTES
        return cls(kept[1:end], np.frombuffer(kept[end:], dtype="<u4"))

    def part(self, start: int, end: int) -> Keys:
        """Return those from one number up to another."""
        return Keys(self.keys[start * KEY_BYTES : end * KEY_BYTES], self.contents[start:end])

    def said_by(self, key: bytes) -> int | None:
        """Return what a key said, None when it is not among these."""
        at = self.keys.find(key)
        while at >= 0 and at % KEY_BYTES:
            at = self.keys.find(key, at + 1)
        return int(self.contents[at // KEY_BYTES]) if at >= 0 else None


def key_of(source_id: str, message_id: str) -> bytes:
    """Return the 16 bytes that stand for a message of a source.

    >>> key_of("web", "m-1") == key_of("web", "m-1"), key_of("web", "m-1") == key_of("we", "bm-1")
    (True, False)
    """
    whole = f"{source_id}\x00{message_id}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(whole, digest_size=KEY_BYTES).digest()


def content_of(event: Event) -> int:
    """Return 32 bits of what an event says: its call, name, identifiers, properties, and its time as it was sent.

    What a retry changes is none of it: when it was sent and received, the context, the order of keys in an object.
    """
    said = (
        event.call,
        event.name,
        event.user_id,
        event.anonymous_id,
        event.previous_id,
        event.group_id,
        event.original_us,
        event.properties,
    )
    return zlib.crc32(_pack(said)) or 1


class Seen:
    """Which keys have been seen, and what each said. Call `sift`, `remember`, then `committed` or `rolled_back`."""

    def __init__(self, *, window_us: int, seal_keys: int = SEAL_KEYS) -> None:
        assert seal_keys & (seal_keys - 1) == 0, "pages and filters are cut by whole bits"
        self._window_us = window_us
        self._seal_keys = seal_keys
        self._filters = Filters(seal_keys * FILTER_BITS_A_KEY)
        self._young: dict[bytes, int] = {}
        self._marks: tuple[int, int] | None = None
        self._pending: tuple[dict[bytes, int], tuple[int, int] | None] | None = None

    def sift(self, connection: Connection, keys: Sequence[bytes], contents: Sequence[int]) -> list[Sighting]:
        """Return for each key, with what it says, whether it is new; of two equal keys only the first is."""
        self._follow(connection)
        known = self._among_runs(connection, keys)
        young = self._young
        found: list[Sighting] = []
        within: dict[bytes, int] = {}
        for index, (key, content) in enumerate(zip(keys, contents, strict=True)):
            said = young.get(key)
            if said is None:
                said = within.get(key)
            if said is None:
                said = known.get(index)
            if said is None:
                within[key] = content
                found.append(Sighting.NEW)
            else:
                differs = said != content and UNKNOWN not in {said, content}
                found.append(Sighting.OTHER if differs else Sighting.SAME)
        return found

    def remember(self, connection: Connection, keys: Sequence[bytes], contents: Sequence[int], newest_us: int) -> None:
        """Write new keys down, in order; `newest_us` is the latest moment one of them was received."""
        if not keys:
            return
        assert self._marks is not None, "keys are sifted before they are remembered"
        young_id = self._marks[0] + 1
        row = Keys(b"".join(keys), np.array(contents, dtype=np.uint32))
        store.add_young(connection, SeenRow(young_id, newest_us, row.packed()))
        after: tuple[int, int] | None = (young_id, self._marks[1])
        if len(self._young) + len(keys) >= self._seal_keys:
            self._seal(connection)
            after = None
        self._pending = (dict(zip(keys, contents, strict=True)), after)

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
        self._young = {}
        for row in store.young_rows(connection):
            keys = Keys.unpacked(row.bytes_)
            starts = range(0, len(keys.keys), KEY_BYTES)
            cut = (keys.keys[start : start + KEY_BYTES] for start in starts)
            self._young.update(zip(cut, keys.contents.tolist(), strict=True))
        self._filters.keep(store.run_ids(connection))
        while runs := store.runs(connection, after=self._filters.newest, rows_max=RUNS_A_BLOCK):
            self._filters.add(runs)
        self._marks = marks

    def _among_runs(self, connection: Connection, keys: Sequence[bytes]) -> dict[int, int]:
        """Return what each key that stands in a run said, by the key's index."""
        suspects = [one for one in self._filters.perhaps(keys) if keys[one[0]] not in self._young]
        if not suspects:
            return {}
        page_of = page_numbers(b"".join(keys[index] for index, _ in suspects), self._seal_keys).tolist()
        places = [store.place_of(run_id, page) for (_, run_id), page in zip(suspects, page_of, strict=True)]
        pages = store.pages(connection, set(places))
        found: dict[int, int] = {}
        for (index, _), place in zip(suspects, places, strict=True):
            kept = pages.get(place, b"")
            if keys[index] in kept:  # seldom: most suspicions are wrong
                said = Keys.unpacked(kept).said_by(keys[index])
                if said is not None:
                    found[index] = said
        return found

    def _seal(self, connection: Connection) -> None:
        rows = store.young_rows(connection)
        parts = [Keys.unpacked(row.bytes_) for row in rows]
        keys = Keys(b"".join(part.keys for part in parts), np.concatenate([part.contents for part in parts]))
        newest_us = max(row.newest_us for row in rows)
        whole = len(keys.contents) // self._seal_keys * self._seal_keys
        run_id = store.seen_marks(connection)[1]
        store.clear_young(connection)
        for start in range(0, whole, self._seal_keys):
            run_id += 1
            part = keys.part(start, start + self._seal_keys)
            run = SeenRow(run_id, newest_us, self._filters.filter_of(part.keys))
            store.add_run(connection, run, pages_of(part, self._seal_keys))
        if whole < len(keys.contents):
            rest = keys.part(whole, len(keys.contents))
            store.add_young(connection, SeenRow(rows[-1].number, newest_us, rest.packed()))
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

    def add(self, runs: Sequence[SeenRow]) -> None:
        """Put the filters of runs beside the others."""
        waiting = list(runs)
        while waiting:
            if None not in self._run_ids:
                self._run_ids += [None] * RUNS_A_BLOCK
                self._blocks.append(np.zeros(self._bits, dtype="<u4"))
            block = self._run_ids.index(None) // RUNS_A_BLOCK
            first = block * RUNS_A_BLOCK
            free = [slot for slot in range(first, first + RUNS_A_BLOCK) if self._run_ids[slot] is None]
            placed = list(zip(free, waiting, strict=False))
            self._lay(block, placed)
            for slot, run in placed:
                self._run_ids[slot] = run.number
            del waiting[: len(placed)]

    def _lay(self, block: int, placed: Sequence[tuple[int, SeenRow]]) -> None:
        """Lay filters across a block, a byte of its words at a time: the byte holds the same bit of eight filters."""
        octets = self._blocks[block].view(np.uint8).reshape(-1, RUNS_A_BLOCK // 8)
        for octet in range(RUNS_A_BLOCK // 8):
            column = octets[:, octet].copy()
            for slot, run in placed:
                if slot % RUNS_A_BLOCK // 8 == octet:
                    held = np.unpackbits(np.frombuffer(run.bytes_, dtype=np.uint8), bitorder="little")
                    column |= held << np.uint8(slot % 8)
            octets[:, octet] = column

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


def pages_of(keys: Keys, seal_keys: int) -> list[tuple[int, bytes]]:
    """Return the keys of a run gathered by page, in order of page, as they are kept."""
    numbers = page_numbers(keys.keys, seal_keys)
    order = np.argsort(numbers, kind="stable")
    table = np.frombuffer(keys.keys, dtype=np.uint8).reshape(-1, KEY_BYTES)[order]
    contents = keys.contents[order]
    present, starts = np.unique(numbers[order], return_index=True)
    ends = [*starts[1:].tolist(), len(table)]
    return [
        (int(page), Keys(table[start:end].tobytes(), contents[start:end]).packed())
        for page, start, end in zip(present.tolist(), starts.tolist(), ends, strict=True)
    ]


def _bit(slot: int) -> np.uint32:
    return np.uint32(1 << slot % RUNS_A_BLOCK)
