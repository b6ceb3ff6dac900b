"""How much came, from where, what became of it and why: counts for the console, written with everything else."""

from __future__ import annotations

from collections import Counter
from typing import Any  # Any: sqlalchemy.Connection, as in the Projection protocol

from regulars.events import counts_store, keys_store, store
from regulars.events.core import Batch, Event, Judged, Outcome
from regulars.events.counts_store import ReasonRow
from regulars.events.decode import DecodedRequest
from regulars.events.reasons import (
    CONTENT_DIFFERS,
    DUPLICATE,
    PLAN_BLOCKED,
    PLAN_VIOLATION,
    PROJECTION_FAILED,
)
from regulars.kernel.clock import MICROSECONDS_PER_SECOND

MINUTE_US = 60 * MICROSECONDS_PER_SECOND
HOUR_US = 60 * MINUTE_US
_Key = tuple[int, str, str, str]


class EventCounts:
    """The first projection of the street: counts by minute of arrival, source, name, outcome and reason."""

    name = "events"

    def project(self, batch: Batch, connection: Any) -> None:  # Any: as above
        """Count a batch, and note which of its events had come before."""
        tally = _Tally()
        last_us: dict[str, int] = {}
        for event in batch.events:
            tally.take_in(event)
            if event.received_us > last_us.get(event.source_id, 0):
                last_us[event.source_id] = event.received_us
        for event in batch.duplicates:
            reason = CONTENT_DIFFERS if event.event_id in batch.differing else DUPLICATE
            tally.count(_key(event, "duplicate"), reason)
        for event in batch.failed:
            tally.count(_key(event, "rejected"), PROJECTION_FAILED)
        for judged in batch.judged:
            tally.judge(judged)
            source_id = judged.event.source_id
            last_us[source_id] = max(judged.event.received_us, last_us.get(source_id, 0))
        for request in batch.requests:
            _count_rejected(request, tally)
        store.add_counts(connection, [(*key, count) for key, count in sorted(tally.counts.items())])
        counts_store.add_reasons(connection, tally.reasons())
        counts_store.add_totals(connection, tally.totals())
        store.note_activity(connection, last_us)
        keys_store.add_old_key_counts(connection, _with_old_keys(batch))
        store.note_duplicates(connection, _duplicates(batch))


class _Tally:
    """What a batch adds to the counts."""

    def __init__(self) -> None:
        self.counts: Counter[_Key] = Counter()
        self._first: Counter[tuple[_Key, str]] = Counter()
        self._also: Counter[tuple[_Key, str]] = Counter()

    def take_in(self, event: Event) -> None:
        if not event.corrections:
            self.counts[_key(event, "accepted")] += 1
            return
        first, *more = dict.fromkeys(event.correction_codes or ("",))
        key = _key(event, "corrected")
        self.count(key, first)
        self._also.update((key, code) for code in more)

    def judge(self, judged: Judged) -> None:
        """Count what a tracking plan blocks; what it warns of took effect, and has the reason besides."""
        event, mode = judged.event, judged.verdict.mode
        if mode == "block":
            self.count(_key(event, "rejected"), PLAN_BLOCKED)
        elif mode == "warn":
            self._also[_key(event, "corrected" if event.corrections else "accepted"), PLAN_VIOLATION] += 1

    def count(self, key: _Key, reason: str, events: int = 1) -> None:
        self.counts[key] += events
        self._first[key, reason] += events

    def reasons(self) -> list[ReasonRow]:
        keys = sorted({*self._first, *self._also})
        return [ReasonRow(*key, reason, self._first[key, reason], self._also[key, reason]) for key, reason in keys]

    def totals(self) -> list[tuple[str, str, str, int]]:
        found: Counter[tuple[str, str, str]] = Counter()
        for (_, source_id, _, outcome), count in self.counts.items():
            if outcome == "accepted":
                found[source_id, outcome, ""] += count
        for ((_, source_id, _, outcome), reason), count in self._first.items():
            found[source_id, outcome, reason] += count
        return [(*key, count) for key, count in sorted(found.items())]


def _key(event: Event, outcome: Outcome) -> _Key:
    return event.received_us // MINUTE_US, event.source_id, event.name, outcome


def _count_rejected(request: DecodedRequest, tally: _Tally) -> None:
    minute, source_id = request.received_us // MINUTE_US, request.source_id or ""
    for item in request.rejected:
        tally.count((minute, source_id, item.name, "rejected"), item.code)
    if request.refused is not None:
        refused = request.refused
        tally.count((minute, source_id, refused.name, "rejected"), refused.code or "invalid", refused.events)


def _with_old_keys(batch: Batch) -> list[tuple[int, str, int, int]]:
    found: dict[tuple[int, str], tuple[int, int]] = {}
    for request in batch.requests:
        if request.old_key and request.source_id is not None:
            place = (request.received_us // HOUR_US, request.source_id)
            count, last_us = found.get(place, (0, 0))
            found[place] = (count + len(request.events), max(last_us, request.received_us))
    return [(*place, count, last_us) for place, (count, last_us) in sorted(found.items())]


def _duplicates(batch: Batch) -> list[tuple[str, int, int, list[int]]]:
    found: dict[tuple[str, int], tuple[int, list[int]]] = {}
    for event in batch.duplicates:
        place = event.position
        found.setdefault((place.partition, place.offset), (event.received_us, []))[1].append(place.index)
    return [(*place, received_us, sorted(items)) for place, (received_us, items) in sorted(found.items())]
