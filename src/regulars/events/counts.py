"""What became of what was sent, why, and since when: the counts by reason, as the console shows them.

Every event that was sent is counted once: accepted + corrected + duplicate + rejected is everything. An event that was
put right for two reasons is counted under both of them and once in the sum.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Literal

import msgspec

from regulars.events import counts_store, store
from regulars.events.core import Outcome
from regulars.events.counts_store import EVERY_SOURCE
from regulars.events.decode import OWN_SOURCE
from regulars.kernel.clock import MICROSECONDS_PER_SECOND, Clock, moment
from regulars.kernel.database import Database

MINUTE_US = 60 * MICROSECONDS_PER_SECOND
NAMES_SHOWN = 5
SOURCES_MEASURED = 100  # each is a label of its own to whoever measures us; the smaller ones are summed
STRANGER = "unknown"
OTHERS = "other"
Span = Literal["1h", "6h", "24h", "7d", "30d"]
_SPANS: dict[Span, tuple[int, int]] = {  # minutes in all, minutes of a step: 60 to 84 steps, as many as one can see
    "1h": (60, 1),
    "6h": (360, 5),
    "24h": (1_440, 20),
    "7d": (10_080, 120),
    "30d": (43_200, 720),
}


class Outcomes(msgspec.Struct, frozen=True, kw_only=True):
    """What became of everything that was sent."""

    accepted: int = 0
    corrected: int = 0
    duplicate: int = 0
    rejected: int = 0


class ReasonCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many events of a source met an outcome for a reason, when last, and what they were called.

    `source_id` is empty for senders whose key is nobody's.
    """

    source_id: str
    source_name: str
    outcome: Outcome
    reason: str
    events: int
    last_at: datetime
    names: list[str]


class ReasonStep(msgspec.Struct, frozen=True, kw_only=True):
    """How many events there were for a reason in the step that began then."""

    at: datetime
    reason: str
    events: int


class Reasons(msgspec.Struct, frozen=True, kw_only=True):
    """What became of what was sent in a span of time, and why. `series` is of the outcome asked for."""

    since: datetime
    step_s: int
    outcomes: Outcomes
    reasons: list[ReasonCount]
    series: list[ReasonStep]


class Counts:
    """Answers from the counts by reason."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def reasons(self, *, span: Span = "24h", outcome: Outcome = "rejected", source_id: str | None = None) -> Reasons:
        """Return what became of all that came, from one source or from all, and why."""
        minutes, step = _SPANS[span]
        now = self._clock.now_us() // MINUTE_US
        since = (now - minutes + step) // step * step
        of = EVERY_SOURCE if source_id is None else source_id
        with self._database.read() as connection:
            sums = counts_store.outcomes(connection, since, of, OWN_SOURCE)
            rows = counts_store.by_reason(connection, since, of)
            named = counts_store.names_by_reason(connection, since, of)
            series = counts_store.over_time(connection, since, step, outcome=outcome, source_id=of)
            sources: dict[str, str] = {row.source_id: row.name for row in store.sources(connection)}
        names: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        for row in named:
            names[row.source_id, row.outcome, row.reason].append(row.name)
        return Reasons(
            since=moment(since * MINUTE_US),
            step_s=step * 60,
            outcomes=Outcomes(**sums),
            reasons=[
                ReasonCount(
                    source_id=row.source_id,
                    source_name=sources.get(row.source_id, ""),
                    outcome=row.outcome,
                    reason=row.reason,
                    events=int(row.events),
                    last_at=moment(row.last_minute * MINUTE_US),
                    names=names[row.source_id, row.outcome, row.reason][:NAMES_SHOWN],
                )
                for row in rows
            ],
            series=[ReasonStep(at=moment(at * MINUTE_US), reason=reason, events=count) for at, reason, count in series],
        )

    def totals(self) -> dict[tuple[str, str, str], int]:
        """Return how many events have come since ever, by the source's name, outcome and reason.

        Strangers are `unknown`; beyond the hundred largest sources the rest is `other`, so that whoever measures us
        meets a bounded number of series.
        """
        with self._database.read() as connection:
            rows = counts_store.totals(connection)
            names: dict[str, str] = {row.source_id: row.name for row in store.sources(connection)}
        size: dict[str, int] = defaultdict(int)
        for source_id, _, _, events in rows:
            size[source_id] += events
        largest = set(sorted(size, key=lambda one: -size[one])[:SOURCES_MEASURED])
        found: dict[tuple[str, str, str], int] = defaultdict(int)
        for source_id, outcome, reason, events in rows:
            name = names.get(source_id, source_id or STRANGER) if source_id in largest else OTHERS
            found[name, outcome, reason] += events
        return dict(found)
