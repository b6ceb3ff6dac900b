"""The state that answers: artifact below, everything since on top, current after every event.

Whatever happens to a customer (an item, a late fact, something put aside, a merge) changes the counts by the difference
between the steps before and the steps after, so artifact plus news always equals a full recount. One lock guards it:
news is taken in small portions, so nobody who asks waits long.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np

from regulars.recommend.core.rows import Rows
from regulars.recommend.core.sessions import SESSION_GAP_US, PackedSessions, SessionNeighbours
from regulars.recommend.engine.artifact import Artifact
from regulars.recommend.engine.live_popularity import LivePopularity, PopularityBase
from regulars.recommend.engine.live_sessions import LiveSessions
from regulars.recommend.engine.live_transitions import LiveTransitions
from regulars.recommend.engine.shoppers import Shopper, Shoppers
from regulars.recommend.engine.steps import (
    DECAY_POWERS,
    ENTRIES_KEPT,
    ENTRIES_MAX,
    Step,
    common_moments,
    common_prefix,
    merged,
    pairs,
    sessions_of,
    steps_of,
)
from regulars.recommend.store import InteractionRow, OwnerRow

CROWDS_MAX = 1_000
FUTURE_US_MAX = 86_400_000_000  # a device that is a day ahead must not make everything else look old


class LiveEngine:
    """Counts and customers of one artifact and of what came after it."""

    def __init__(self, artifact: Artifact | None = None) -> None:
        self.artifact = artifact
        self.lock = threading.Lock()
        self.shoppers = Shoppers(artifact)
        self.crowds = list(artifact.about.crowds) if artifact else ["/"]
        self._crowd_numbers = {name: number for number, name in enumerate(self.crowds)}
        self.reached_seq = artifact.about.through_seq if artifact else 0
        self.reached_version = artifact.about.through_version if artifact else 0
        self.items_total = 0
        self.transitions, sessions, self.popularity = _bases(artifact)
        self.sessions = sessions
        self.neighbours = SessionNeighbours(sessions, np.zeros(0, np.float32), 0)
        self.fit(artifact.about.items_total if artifact else 0)

    def fit(self, items_total: int) -> None:
        """Make room for items up to this number."""
        if items_total > self.items_total:
            self.items_total = items_total
            self.transitions.fit(items_total)
            self.sessions.fit(items_total)
            self.popularity.fit(items_total)

    def own(self, rows: Sequence[OwnerRow]) -> None:
        """Take in whose anchors are whose; when one has moved, its former owner is absorbed."""
        for row in rows:
            former = self.shoppers.key_of_anchor(row.anchor)
            key = self.shoppers.key_of(row.customer_id)
            if former not in (-1, key):
                self._absorb(key, former)
            self.shoppers.own(row.anchor, key)
            self.reached_version = max(self.reached_version, row.version)

    def erase(self, anchors: Sequence[int], version: int) -> None:
        """Forget the customers of these anchors: their steps no longer count, their sessions no longer vote."""
        for key in self.shoppers.keys_of_anchors(anchors):
            shopper = self.shoppers.look(key)
            self._recount(steps_of(shopper.entries), [])
            for _, session in shopper.sessions:
                self.sessions.end(session)
            self.shoppers.erase(key)
        self.reached_version = max(self.reached_version, version)

    def take(self, rows: Sequence[InteractionRow], now_us: int) -> None:
        """Take interactions in, in order of arrival."""
        for row in rows:
            self.reached_seq = row.seq
            key = self.shoppers.key_of_anchor(row.anchor)
            if key == -1:
                continue  # erased meanwhile
            self.fit(row.item_no + 1)
            shopper = self.shoppers.changed(key)
            shopper.seen[row.item_no] = shopper.seen.get(row.item_no, 0) | (1 << row.kind)
            at_us = min(row.at_us, now_us + FUTURE_US_MAX)
            self.popularity.see(at_us)
            crowd = self.crowd_number(row.crowd)
            self._take(shopper, row.item_no, at_us, row.strength, crowd)
            shopper.crowd = crowd or shopper.crowd

    def crowd_number(self, name: str) -> int:
        """Return the number of a crowd (`country/device`), 0 for the one that says nothing."""
        number = self._crowd_numbers.get(name)
        if number is None:
            if len(self._crowd_numbers) > CROWDS_MAX:
                return 0
            number = self._crowd_numbers[name] = len(self.crowds)
            self.crowds.append(name)
        return number

    def _take(self, shopper: Shopper, item: int, at_us: int, strength: float, crowd: int) -> None:
        entries, steps = shopper.entries, shopper.steps
        in_order = not len(entries) or at_us >= entries.at_us[-1]
        if in_order and not (len(entries) and item == entries.items[-1]):
            entries.add(item, at_us, strength, crowd)
            if strength >= 0:
                self._append(shopper, Step(item, at_us, at_us, crowd))
        elif in_order and (strength >= 0) == (entries.strengths[-1] >= 0):
            entries.add(item, at_us, strength, crowd)
            if strength >= 0:
                steps[-1] = steps[-1]._replace(last_us=at_us)
        elif at_us < entries.at_us[0] and len(entries) >= ENTRIES_KEPT:
            if strength >= 0:  # older than all we remember of this customer: what stood beside it is not known
                self.popularity.add(item, at_us, crowd)
        else:
            before = steps_of(entries)
            entries.add(item, at_us, strength, crowd)
            self._revise(shopper, before)
        entries.trim()
        del shopper.steps[:-ENTRIES_MAX]

    def _append(self, shopper: Shopper, step: Step) -> None:
        """Count one more step at the end: the way nearly every event goes."""
        steps = shopper.steps
        add = self.transitions.add
        for distance, earlier in enumerate(reversed(steps[-len(DECAY_POWERS) :])):
            if earlier.item != step.item:
                add(earlier.item, step.item, DECAY_POWERS[distance])
        self.popularity.add(step.item, step.first_us, step.crowd)
        if shopper.sessions and steps and step.first_us - steps[-1].last_us <= SESSION_GAP_US:
            began, session = shopper.sessions[-1]
            if session < self.sessions.packed_count:
                items = self.sessions.items(session)
                self.sessions.end(session)
                shopper.sessions[-1] = (began, self.sessions.begin([*items, step.item]))
            else:
                self.sessions.grow(session, step.item)
        else:
            shopper.sessions.append((step.first_us, self.sessions.begin([step.item])))
        steps.append(step)

    def _revise(self, shopper: Shopper, before: list[Step]) -> None:
        """Count the difference after a change that was not one more step at the end."""
        after = steps_of(shopper.entries)
        prefix = common_prefix(before, after)
        self._recount(before, after, prefix)
        shopper.steps = after
        touched = common_moments(before, after)
        self._cut_sessions(shopper, after, from_step=max(touched - 1, 0), former=[before])

    def _absorb(self, kept_key: int, absorbed_key: int) -> None:
        """Make two customers one: their steps interleave by time, as if one had taken them all."""
        kept, absorbed = self.shoppers.changed(kept_key), self.shoppers.look(absorbed_key)
        entries = merged(kept.entries, absorbed.entries)
        after = steps_of(entries)
        former = [steps_of(kept.entries), steps_of(absorbed.entries)]
        self._recount(former[0], [])
        self._recount(former[1], after)
        sessions = sorted(kept.sessions + absorbed.sessions)
        together = Shopper(kept.rows + absorbed.rows)
        together.entries, together.steps, together.sessions = entries, after, sessions
        together.crowd = _later_crowd(kept, absorbed)
        together.seen = kept.seen
        for item, kinds in absorbed.seen.items():
            together.seen[item] = together.seen.get(item, 0) | kinds
        self._cut_sessions(together, after, from_step=0, former=former)
        self.shoppers.absorb(kept_key, absorbed_key)
        self.shoppers.replace(kept_key, together)
        entries.trim()

    def _recount(self, before: list[Step], after: list[Step], prefix: int = 0) -> None:
        for steps, sign in ((before, -1.0), (after, 1.0)):
            for earlier, later, count in pairs(steps, prefix):
                self.transitions.add(earlier, later, sign * count)
            for step in steps[prefix:]:
                self.popularity.add(step.item, step.first_us, step.crowd, sign)

    def _cut_sessions(
        self, shopper: Shopper, steps: list[Step], *, from_step: int, former: Sequence[list[Step]]
    ) -> None:
        """End the sessions from a step on and begin them anew as the steps now say.

        `former` are the steps that the sessions were cut from: a step that had merged repeats may now begin later.
        """
        changed = _parts_from(steps, from_step)
        gone = [part for before in former for part in _parts_from(before, from_step)]
        if not from_step and changed and _begins_before(shopper, changed[0][0].first_us):
            changed, gone = changed[1:], gone[1:]  # a session that began before all we remember stays as it is
        since_us = min((part[0].first_us for part in (*changed, *gone)), default=_END_OF_TIME_US)
        for began, session in shopper.sessions:
            if began >= since_us:
                self.sessions.end(session)
        shopper.sessions = [pair for pair in shopper.sessions if pair[0] < since_us]
        for part in changed:
            shopper.sessions.append((part[0].first_us, self.sessions.begin([step.item for step in part])))


def _parts_from(steps: list[Step], from_step: int) -> list[list[Step]]:
    """Return the sessions of these steps from the one that holds a step on; the last when there is none such."""
    parts = sessions_of(steps)
    start = place = 0
    while place + 1 < len(parts) and start + len(parts[place]) <= from_step:
        start += len(parts[place])
        place += 1
    return parts[place:]


_END_OF_TIME_US = 2**62


def _begins_before(shopper: Shopper, first_us: int) -> bool:
    begun = [began for began, _ in shopper.sessions]
    return len(shopper.entries) >= ENTRIES_KEPT and first_us not in begun and any(began < first_us for began in begun)


def _later_crowd(one: Shopper, other: Shopper) -> int:
    if not one.crowd or not other.crowd:
        return one.crowd or other.crowd
    one_us = one.entries.at_us[-1] if len(one.entries) else 0
    other_us = other.entries.at_us[-1] if len(other.entries) else 0
    return other.crowd if other_us > one_us else one.crowd


def _bases(artifact: Artifact | None) -> tuple[LiveTransitions, LiveSessions, LivePopularity]:
    if artifact is None:
        return LiveTransitions(), LiveSessions(), LivePopularity()
    nothing = np.zeros(0, np.float32)
    forwards = Rows(artifact["follow_starts"], artifact["follow_columns"], artifact["follow_counts"])
    backwards = Rows(artifact["precede_starts"], artifact["precede_columns"], artifact["precede_counts"])
    packed = PackedSessions(
        Rows(artifact["session_starts"], artifact["session_items"], nothing),
        Rows(artifact["item_session_starts"], artifact["item_sessions"], nothing),
    )
    about = artifact.about
    crowds = {number: artifact["crowd_popular"][number] for number in range(1, len(about.crowds))}
    popularity = PopularityBase(
        landmark_us=about.landmark_us,
        latest_us=about.latest_us,
        counts=artifact["counts"],
        popular=artifact["popular"],
        trending=artifact["trending"],
        crowds=crowds,
    )
    return (
        LiveTransitions(forwards, backwards, out=artifact["out"], into=artifact["into"]),
        LiveSessions(packed, artifact["session_frequency"]),
        LivePopularity(popularity),
    )
