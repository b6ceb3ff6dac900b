"""What sessions are there, up to the last event? The artifact's sessions, then the live ones, which still grow."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from regulars.recommend.core.rows import Floats, Ints, Longs, Rows
from regulars.recommend.core.sessions import (
    SESSION_ITEMS_MAX,
    SESSIONS_PER_ITEM,
    PackedSessions,
    inverse_frequency,
)
from regulars.recommend.engine.growing import GrowingVector

IDF_EVERY = 500  # how rare an item is changes slowly: counted anew after this many changes, or a twentieth of all


class LiveSessions:
    """Sessions numbered in order of their beginning: the artifact's first. Fulfils `core.sessions.Sessions`."""

    def __init__(self, packed: PackedSessions | None = None, frequency: NDArray[np.float64] | None = None) -> None:
        nothing = Rows.empty()
        self._packed = packed or PackedSessions(nothing, nothing)
        self._ended = np.zeros(self._packed.count, np.bool_)
        self._rows = np.zeros((256, SESSION_ITEMS_MAX), np.int32)
        self._lengths = np.zeros(256, np.int64)
        self._new = 0
        self._by_item: dict[int, array[int]] = {}
        self._frequency = GrowingVector(frequency)
        self._standing = self._packed.count
        self._changes = IDF_EVERY
        self._idf: Floats = np.zeros(0, np.float32)

    @property
    def packed_count(self) -> int:
        """How many sessions are the artifact's; their numbers are the lowest."""
        return self._packed.count

    @property
    def count(self) -> int:
        """How many sessions there ever were."""
        return self._packed.count + self._new

    def fit(self, items_total: int) -> None:
        """Make room for this many items."""
        self._frequency.fit(items_total)

    def begin(self, items: Sequence[int]) -> int:
        """Open a session with these items, oldest first, and return its number."""
        if self._new == len(self._rows):
            self._rows = np.concatenate((self._rows, np.zeros_like(self._rows)))
            self._lengths = np.concatenate((self._lengths, np.zeros_like(self._lengths)))
        session = self._packed.count + self._new
        self._new += 1
        self._standing += 1
        self._write(session, _latest(items))
        return session

    def grow(self, session: int, item: int) -> None:
        """Put one more item at the end of a live session."""
        assert session >= self._packed.count, "the artifact's sessions do not grow; they are begun again"
        self._write(session, _latest([*self.items(session), item]))

    def end(self, session: int) -> None:
        """Take a session out of the votes."""
        for item in self.items(session):
            self._frequency.add(item, -1.0)
        self._standing -= 1
        self._changes += 1
        if session < self._packed.count:
            self._ended[session] = True
        else:
            self._lengths[session - self._packed.count] = 0

    def items(self, session: int) -> list[int]:
        """Return one session's items, oldest first; none when it is out of the votes."""
        if session >= self._packed.count:
            place = session - self._packed.count
            found: list[int] = self._rows[place, : self._lengths[place]].tolist()
            return found
        return [] if self._ended[session] else self._packed.by_session.row(session)[0].tolist()

    def of_item(self, item: int, most: int) -> Longs:
        """Return the last `most` sessions with this item; one may be named that no longer has it."""
        new = self._by_item.get(item)
        if new is None:
            return self._packed.of_item(item, most).astype(np.int64)
        recent = np.array(new[-most:], np.int64)
        if len(recent) >= most:
            return recent
        return np.concatenate((self._packed.of_item(item, most - len(recent)), recent))

    def lengths(self, sessions: Longs) -> Longs:
        """Return how many items each session has; 0 when it is out of the votes."""
        old = sessions < self._packed.count
        found = np.zeros(len(sessions), np.int64)
        found[old] = np.where(self._ended[sessions[old]], 0, self._packed.lengths(sessions[old]))
        found[~old] = self._lengths[sessions[~old] - self._packed.count]
        return found

    def items_of(self, sessions: Longs) -> tuple[Ints, Longs]:
        """Return the items of these sessions in order, and for each which of the sessions it is in."""
        old = np.flatnonzero(sessions < self._packed.count)
        new = np.flatnonzero(sessions >= self._packed.count)
        items, owners = self._packed.items_of(sessions[old])
        if not len(new):
            return items, old[owners]
        rows = sessions[new] - self._packed.count
        filled = np.arange(SESSION_ITEMS_MAX) < self._lengths[rows][:, None]
        new_owners = np.repeat(new, filled.sum(axis=1))
        return np.concatenate((items, self._rows[rows][filled])), np.concatenate((old[owners], new_owners))

    def idf(self, items_total: int) -> Floats:
        """Return how rare each item is among the sessions, 1 for the rarest; at most a twentieth behind."""
        if self._changes >= max(1, min(IDF_EVERY, self._standing // 20)) or len(self._idf) < items_total:
            self._frequency.fit(items_total)
            self._idf = inverse_frequency(self._frequency.values, self._standing)
            self._changes = 0
        return self._idf

    def _write(self, session: int, items: list[int]) -> None:
        place = session - self._packed.count
        before = self._rows[place, : self._lengths[place]].tolist()
        self._lengths[place] = len(items)
        self._rows[place, : len(items)] = items
        for item in set(items).difference(before):
            self._frequency.add(item, 1.0)
            known = self._by_item.setdefault(item, array("i"))
            known.append(session)
            if len(known) > 2 * SESSIONS_PER_ITEM:
                del known[:-SESSIONS_PER_ITEM]
        for item in set(before).difference(items):
            self._frequency.add(item, -1.0)
        self._changes += 1


def _latest(items: Sequence[int]) -> list[int]:
    """Return distinct items at their latest place, the last of them only."""
    kept = list(dict.fromkeys(reversed(items)))[:SESSION_ITEMS_MAX]
    return kept[::-1]
