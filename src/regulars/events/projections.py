"""How much came, from where, and what became of it: counts for the console, written with everything else."""

from __future__ import annotations

from collections import Counter
from typing import Any  # Any: sqlalchemy.Connection, as in the Projection protocol

from regulars.events import store
from regulars.events.core import Batch, Event, Outcome
from regulars.events.decode import DecodedRequest
from regulars.kernel.clock import MICROSECONDS_PER_SECOND

MINUTE_US = 60 * MICROSECONDS_PER_SECOND
_Key = tuple[int, str, str, str]


class EventCounts:
    """The first projection of the street: counts by minute of arrival, source, name and outcome."""

    name = "events"

    def project(self, batch: Batch, connection: Any) -> None:  # Any: as above
        """Count a batch, and note which of its events had come before."""
        counts: Counter[_Key] = Counter()
        last_us: dict[str, int] = {}
        for event in batch.events:
            counts[_key(event, "corrected" if event.corrections else "accepted")] += 1
            if event.received_us > last_us.get(event.source_id, 0):
                last_us[event.source_id] = event.received_us
        for event in batch.duplicates:
            counts[_key(event, "duplicate")] += 1
        for request in batch.requests:
            _count_rejected(request, counts)
        store.add_counts(connection, [(*key, count) for key, count in sorted(counts.items())])
        store.note_activity(connection, last_us)
        store.note_duplicates(connection, _duplicates(batch))


def _key(event: Event, outcome: Outcome) -> _Key:
    return event.received_us // MINUTE_US, event.source_id, event.name, outcome


def _count_rejected(request: DecodedRequest, counts: Counter[_Key]) -> None:
    rejected = len(request.rejected) + (request.refused is not None)
    if rejected:
        counts[(request.received_us // MINUTE_US, request.source_id or "", "", "rejected")] += rejected


def _duplicates(batch: Batch) -> list[tuple[str, int, int, list[int]]]:
    found: dict[tuple[str, int], tuple[int, list[int]]] = {}
    for event in batch.duplicates:
        place = event.position
        found.setdefault((place.partition, place.offset), (event.received_us, []))[1].append(place.index)
    return [(*place, received_us, sorted(items)) for place, (received_us, items) in sorted(found.items())]
