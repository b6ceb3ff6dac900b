"""Who is who, and what did each of them do last? Customers by id and by anchor, from the artifact and since."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from regulars.kernel.ids import CustomerId
from regulars.recommend.core.rows import Ints, Rows
from regulars.recommend.engine.artifact import Artifact
from regulars.recommend.engine.steps import Entries, Step, steps_of

SESSIONS_KEPT = 8  # of each customer's latest sessions we remember the numbers; late facts rarely reach further back


class Shopper:
    """One customer's recent state, in memory because something happened since the artifact."""

    __slots__ = ("crowd", "entries", "rows", "seen", "sessions", "steps")

    def __init__(self, rows: list[int]) -> None:
        self.rows = rows  # of the artifact; more than one after a merge
        self.entries = Entries()
        self.steps: list[Step] = []
        self.sessions: list[tuple[int, int]] = []  # (began, number), oldest first
        self.seen: dict[int, int] = {}  # item → kinds, one bit each; what is new since the artifact
        self.crowd = 0  # by the engine's number; 0 is nobody knows


class Shoppers:
    """All customers: a dictionary of the changed ones above the artifact's arrays."""

    def __init__(self, artifact: Artifact | None) -> None:
        self._artifact = artifact
        self._changed: dict[int, Shopper] = {}
        self._keys: dict[CustomerId, int] = {}
        self._anchors: dict[int, int] = {}
        self._absorbed: dict[int, int] = {}
        self._gone: set[int] = set()
        self._next_key = -2  # the artifact's customers are their rows, new ones count down; -1 is nobody

    def find(self, customer_id: CustomerId) -> int:
        """Return a customer's key, -1 when we know nobody of this id."""
        key = self._keys.get(customer_id)
        if key is None:
            key = self._artifact.customer_row(customer_id) if self._artifact else -1
        key = self.standing(key)
        return -1 if key in self._gone else key

    def key_of(self, customer_id: CustomerId) -> int:
        """Return a customer's key, a new one when we know nobody of this id."""
        key = self.find(customer_id)
        if key == -1:
            key = self._keys[customer_id] = self._next_key
            self._next_key -= 1
        return key

    def key_of_anchor(self, anchor: int) -> int:
        """Return whose anchor this is, -1 when nobody has said."""
        key = self._anchors.get(anchor)
        if key is None and self._artifact is not None:
            rows = self._artifact["anchor_rows"]
            key = int(rows[anchor]) if 0 <= anchor < len(rows) else -1
        return -1 if key is None else self.standing(key)

    def own(self, anchor: int, key: int) -> None:
        """Give an anchor to a customer."""
        self._anchors[anchor] = key

    def absorb(self, kept: int, absorbed: int) -> None:
        """From now on, whoever asks for one gets the other."""
        self._absorbed[absorbed] = kept
        self._changed.pop(absorbed, None)

    def replace(self, key: int, shopper: Shopper) -> None:
        """Put a customer's state in the place of what was there."""
        self._changed[key] = shopper

    def erase(self, key: int) -> None:
        """Forget a customer; the artifact's row stays unread until the models are learned anew."""
        self._changed.pop(key, None)
        self._gone.add(key)

    def standing(self, key: int) -> int:
        """Return who this customer has become."""
        while (onward := self._absorbed.get(key)) is not None:
            key = onward
        return key

    def changed(self, key: int) -> Shopper:
        """Return a customer's state for changing: from the artifact at first, and in memory from then on."""
        found = self._changed.get(key)
        if found is None:
            found = self._changed[key] = self.look(key)
        return found

    def look(self, key: int) -> Shopper:
        """Return a customer's state for reading."""
        found = self._changed.get(key)
        if found is not None or key in self._gone:
            return found or Shopper([])
        if key < 0 or self._artifact is None:
            return Shopper([])
        return _from_artifact(self._artifact, key)

    def seen_of(self, shopper: Shopper, kinds: int) -> Ints:
        """Return the items that a customer has touched in any of these ways (bits), in no promised order."""
        found = [item for item, mask in shopper.seen.items() if mask & kinds]
        parts = [np.array(found, np.int32)]
        for row in shopper.rows:
            assert self._artifact is not None, "rows belong to an artifact"
            start, end = (int(bound) for bound in self._artifact["seen_starts"][row : row + 2])
            touched = (self._artifact["seen_kinds"][start:end] & kinds) != 0
            parts.append(self._artifact["seen_items"][start:end][touched])
        return np.concatenate(parts)

    def kinds_of(self, shopper: Shopper, items: Ints) -> dict[int, int]:
        """Return in which ways (bits) a customer has touched each of these items; none is left out."""
        kinds = {item: shopper.seen.get(item, 0) for item in items.tolist()}
        for row in shopper.rows:
            assert self._artifact is not None, "rows belong to an artifact"
            start, end = (int(bound) for bound in self._artifact["seen_starts"][row : row + 2])
            known = self._artifact["seen_items"][start:end]  # in rising order
            places = np.minimum(np.searchsorted(known, items), max(len(known) - 1, 0))
            hits = np.flatnonzero(known[places] == items) if len(known) else places[:0]
            for hit in hits.tolist():
                kinds[int(items[hit])] |= int(self._artifact["seen_kinds"][start + places[hit]])
        return kinds

    def keys_of_anchors(self, anchors: Iterable[int]) -> set[int]:
        """Return whose anchors these are."""
        return {key for anchor in anchors if (key := self.key_of_anchor(anchor)) != -1}


def _from_artifact(artifact: Artifact, row: int) -> Shopper:
    shopper = Shopper([row])
    start, end = (int(bound) for bound in artifact["entry_starts"][row : row + 2])
    shopper.entries = Entries.of(
        zip(
            artifact["entry_items"][start:end].tolist(),
            artifact["entry_us"][start:end].tolist(),
            artifact["entry_strengths"][start:end].tolist(),
            artifact["entry_crowds"][start:end].tolist(),
            strict=True,
        )
    )
    shopper.steps = steps_of(shopper.entries)
    sessions = Rows(artifact["customer_session_starts"], artifact["customer_sessions"], np.zeros(0, np.float32))
    numbers = sessions.columns[sessions.starts[row] : sessions.starts[row + 1]][-SESSIONS_KEPT:].tolist()
    shopper.sessions = [(int(artifact["session_began_us"][number]), number) for number in numbers]
    shopper.crowd = int(artifact["customer_crowds"][row])
    return shopper
