"""What the log, the lake and the customers say, each asked by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from regulars.app.shop import Shop
from regulars.catalog import interactions_of
from regulars.events.core import Event
from regulars.events.decode import read_request
from regulars.kernel.ids import SourceId

RECORDS_A_READ = 500


@dataclass(slots=True)
class Counts:
    """Events of some sources at each station. `accepted` and `in_the_lake` count message ids once."""

    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    interactions: int = 0
    in_the_lake: int = 0
    customers: int = 0
    merges: int = 0


def counts(shop: Shop, source_ids: Sequence[SourceId]) -> Counts:
    """Return what each station knows of the events of these sources."""
    found = Counts()
    _count_log(found, shop, set(source_ids))
    found.in_the_lake = _count_lake(shop, source_ids)
    found.customers = shop.identity.count_customers()
    found.merges = shop.identity.count_merges()
    return found


def _count_log(found: Counts, shop: Shop, source_ids: set[SourceId]) -> None:
    seen: set[tuple[str, str]] = set()
    for partition in shop.log.partitions():
        after = shop.log.start(partition)
        while records := shop.log.read(partition, after=after, records_max=RECORDS_A_READ):
            after = records[-1].offset
            for record in records:
                request = read_request(record)
                if request.source_id in source_ids:
                    found.rejected += len(request.rejected)
                    for event in request.events:
                        _count_event(found, event, seen)
    found.accepted = len(seen)


def _count_event(found: Counts, event: Event, seen: set[tuple[str, str]]) -> None:
    key = (event.source_id, event.message_id)
    if key in seen:
        found.duplicates += 1
        return
    seen.add(key)
    if event.call == "track":
        found.interactions += len(interactions_of(event.name, event.properties))


def _count_lake(shop: Shop, source_ids: Sequence[SourceId]) -> int:
    events = shop.lake.events()
    ours = events.filter(events.source_id.isin([str(one) for one in source_ids]))
    answer = shop.lake.query(ours.aggregate(rows=ours.count(), ids=ours.message_id.nunique()))
    rows, ids = answer["rows"][0].as_py(), answer["ids"][0].as_py()
    return int(rows if rows != ids else ids)
