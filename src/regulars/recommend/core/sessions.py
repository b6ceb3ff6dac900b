"""What did others do in sessions like this one? V-SKNN: vector-multiplication session neighbours.

After Ludewig and Jannach (2018), "Evaluation of Session-based Recommendation Algorithms". The last 9 items are the
query; an item weighs its position ÷ length. Sessions that share items are weighed by the shared weights ÷ √(their
length), up to 30 % more for recency; the best 500 vote for their items, more for rare ones and for those near the
shared one. Everything is counting: a session that grew a second ago votes in the next answer.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from regulars.recommend.core.rows import Doubles, Floats, Ints, Longs, Rows, Scored, ragged, starts_of

QUERY_ITEMS = 9
SESSIONS_PER_ITEM = 2_000  # the most recent ones of each item
NEIGHBOURS = 500
RECENCY_BONUS = 0.3
DISTANCE_DECAY = 0.9
SESSION_GAP_US = 30 * 60 * 1_000_000  # half an hour without a sign begins a new session, as web analytics has it
SESSION_ITEMS_MAX = 50  # in the shop a session keeps its last 50 items; published splits are shorter


class Sessions(Protocol):
    """Sessions in order of their beginning, and the most recent ones of each item."""

    @property
    def count(self) -> int:
        """How many sessions there are, whatever became of them."""
        ...

    def of_item(self, item: int, most: int) -> Longs | Ints:
        """Return at most `most` sessions with this item, those of most recent beginning; in no special order."""
        ...

    def lengths(self, sessions: Longs) -> NDArray[np.integer]:
        """Return how many items each session has."""
        ...

    def items_of(self, sessions: Longs) -> tuple[Ints, Longs]:
        """Return the items of these sessions in order, and for each which of the sessions it is in."""
        ...


@dataclass(frozen=True, slots=True)
class PackedSessions:
    """Sessions in flat arrays: from a file of a published split, or from an artifact.

    `by_session` has each session's distinct items at their latest place; `by_item` each item's sessions, oldest first.
    """

    by_session: Rows
    by_item: Rows

    @property
    def count(self) -> int:
        """How many sessions there are."""
        return self.by_session.count

    def of_item(self, item: int, most: int) -> Ints:
        """Return the last `most` sessions with this item."""
        return self.by_item.row(item)[0][-most:]

    def lengths(self, sessions: Longs) -> Longs:
        """Return how many items each session has."""
        lengths: Longs = self.by_session.starts[sessions + 1] - self.by_session.starts[sessions]
        return lengths

    def items_of(self, sessions: Longs) -> tuple[Ints, Longs]:
        """Return the items of these sessions in order, and for each which of the sessions it is in."""
        places, owners = ragged(self.by_session.starts[sessions], self.by_session.starts[sessions + 1])
        return self.by_session.columns[places], owners


def pack_sessions(
    *, sessions: Longs, items: Ints, items_total: int, per_item: int = SESSIONS_PER_ITEM, items_max: int | None = None
) -> PackedSessions:
    """Return sessions from (session, item) pairs in order; session numbers rise and have no gaps.

    Parameters
    ----------
    per_item
        How many sessions each item keeps: the most recent ones.
    items_max
        How many items a session keeps: the last ones.

    """
    places = _latest_places(sessions, items, items_total)
    sessions, items = sessions[places], items[places]
    total = int(sessions[-1]) + 1 if len(sessions) else 0
    if items_max is not None:
        ends = np.searchsorted(sessions, np.arange(total), side="right")
        recent = ends[sessions] - np.arange(len(sessions)) <= items_max
        sessions, items = sessions[recent], items[recent]
    nothing = np.zeros(0, np.float32)
    by_session = Rows(starts_of(np.bincount(sessions, minlength=total)), items.astype(np.int32), nothing)
    order = np.argsort(items, kind="stable")
    lengths = np.bincount(items, minlength=items_total)
    ends = np.cumsum(lengths)
    kept = ends[items[order]] - np.arange(len(order)) <= per_item
    by_item = Rows(starts_of(np.minimum(lengths, per_item)), sessions[order][kept].astype(np.int32), nothing)
    return PackedSessions(by_session, by_item)


def _latest_places(sessions: Longs, items: Ints, items_total: int) -> Longs:
    keys = (sessions.astype(np.int64) * items_total + items)[::-1]
    _, first = np.unique(keys, return_index=True)
    places: Longs = np.sort(len(keys) - 1 - first)
    return places


def inverse_frequency(counts: Longs | Doubles, sessions_total: int) -> Floats:
    """Return ln(sessions ÷ sessions with the item) scaled to at most 1: the rarer, the more an item's presence says."""
    idf = np.log(max(sessions_total, 1) / np.maximum(counts, 1.0))
    return (np.maximum(idf, 0.0) / max(float(idf.max(initial=0.0)), 1e-9)).astype(np.float32)


class _Scratch(threading.local):
    """One array per thread, as long as the sessions, all zeros between two queries."""

    weights = np.zeros(0, np.float32)


class SessionNeighbours:
    """The model: sessions, and how rare each item is.

    >>> pairs = np.array([[0, 0], [0, 1], [1, 0], [1, 2], [2, 3]])
    >>> packed = pack_sessions(sessions=pairs[:, 0], items=pairs[:, 1].astype(np.int32), items_total=4)
    >>> model = SessionNeighbours(packed, np.ones(4, np.float32), items_total=4)
    >>> model.scores(np.array([0], np.int32)).items.tolist()
    [0, 1, 2]
    """

    def __init__(self, sessions: Sessions, idf: Floats, items_total: int) -> None:
        self.sessions = sessions
        self.idf = idf
        self.items_total = items_total
        self._scratch = _Scratch()

    def scores(self, query: Ints, *, leave_out: int = -1) -> Scored:
        """Return the votes of the neighbours of a session.

        Parameters
        ----------
        query
            The session's distinct items, oldest first; the last 9 count.
        leave_out
            A session that does not vote: the customer's own.

        """
        items, votes, _, _ = self._votes(query[-QUERY_ITEMS:], leave_out)
        return Scored.summed(items, votes, items_total=self.items_total)

    def contributions(self, query: Ints, targets: Ints, *, leave_out: int = -1) -> Doubles:
        """Return what each query item gives to each target, shape (items, targets).

        A neighbour's vote is shared among the query items it holds by their weights, so columns sum to the scores.
        """
        table = np.zeros((len(query), len(targets)), np.float64)
        recent = query[-QUERY_ITEMS:]
        items, votes, voters, neighbours = self._votes(recent, leave_out)
        order = np.argsort(targets)
        if not len(items) or not len(targets):
            return table
        places = order[np.minimum(np.searchsorted(targets, items, sorter=order), len(targets) - 1)]
        hit = targets[places] == items
        shares = self._shares(recent, neighbours)
        for target in range(len(targets)):
            at = hit & (places == target)
            table[len(query) - len(recent) :, target] = votes[at] @ shares[voters[at]]
        return table

    def _shares(self, query: Ints, neighbours: Longs) -> Doubles:
        items, owners = self.sessions.items_of(neighbours)
        shares = np.zeros((len(neighbours), len(query)), np.float64)
        for place, item in enumerate(query):
            shares[owners[items == item], place] = (place + 1) / len(query)
        shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1e-12)
        return shares

    def _votes(self, query: Ints, leave_out: int) -> tuple[Ints, Doubles, Longs, Longs]:
        """Return (item, vote, place in neighbours) of every vote, and the neighbours."""
        neighbours, similarity, shared = self._nearest(query, leave_out)
        if not len(neighbours):
            return query[:0], np.zeros(0), neighbours, neighbours
        items, owners = self.sessions.items_of(neighbours)
        position = np.arange(len(items), dtype=np.float64)
        is_shared = items == query[shared][owners]
        centre = np.zeros(len(neighbours))
        centre[owners[is_shared]] = position[is_shared]
        distance = np.maximum(np.abs(position - centre[owners]) - 1.0, 0.0)
        votes = (similarity * (shared + 1) / len(query))[owners] * self.idf[items] * DISTANCE_DECAY**distance
        return items, votes, owners, neighbours

    def _nearest(self, query: Ints, leave_out: int) -> tuple[Longs, Doubles, Longs]:
        """Return the best neighbours, how similar each is, and the place in the query of the latest shared item."""
        sessions, weights, shared = self._overlaps(query)
        if leave_out >= 0:
            others = sessions != leave_out
            sessions, weights, shared = sessions[others], weights[others], shared[others]
        lengths = self.sessions.lengths(sessions)
        alive = lengths > 0
        if not alive.all():
            sessions, weights, shared, lengths = sessions[alive], weights[alive], shared[alive], lengths[alive]
        recency = 1.0 + RECENCY_BONUS * sessions / max(self.sessions.count, 1)
        similarity = weights / np.sqrt(lengths) * recency
        if len(sessions) > NEIGHBOURS:
            best = np.argpartition(-similarity, NEIGHBOURS - 1)[:NEIGHBOURS]
            return sessions[best], similarity[best], shared[best]
        return sessions, similarity, shared

    def _overlaps(self, query: Ints) -> tuple[Longs, Floats, Longs]:
        if len(self._scratch.weights) < self.sessions.count:
            self._scratch.weights = np.zeros(self.sessions.count + 4096, np.float32)
        scratch = self._scratch.weights
        found: list[Longs] = []
        shared: list[Longs] = []
        for place in range(len(query) - 1, -1, -1):  # the latest first, so that the first touch names the latest shared
            sessions = self.sessions.of_item(int(query[place]), SESSIONS_PER_ITEM).astype(np.int64)
            sessions = sessions[sessions < len(scratch)]  # one that began this instant waits for the next query
            fresh = sessions[scratch[sessions] == 0]
            scratch[sessions] += np.float32((place + 1) / len(query))
            found.append(fresh)
            shared.append(np.full(len(fresh), place))
        if not found:
            return np.zeros(0, np.int64), np.zeros(0, np.float32), np.zeros(0, np.int64)
        together = np.concatenate(found)
        weights = scratch[together]
        scratch[together] = 0.0
        return together, weights, np.concatenate(shared)
