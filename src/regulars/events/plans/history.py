"""What came of late, from history: enough to infer a plan from, or to try one on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any  # Any: Ibis and pyarrow are looked at without types

import msgspec

from regulars.events.core import Event, Position
from regulars.events.decode import OWN_SOURCE
from regulars.events.plans.core.inference import Seen, as_call
from regulars.kernel.ids import EventId, SourceId
from regulars.lake import Lake

if TYPE_CHECKING:
    import ibis.expr.types as ir

EVENTS_A_NAME = 2_000  # of each event the latest so many: enough to tell a rule from chance
NAMES_MAX = 500
TRIED_MAX = 50_000

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Whose events: of these sources (None: of all but `without`), received since a moment."""

    since_us: int
    sources: list[str] | None = None
    without: list[str] = []


def totals(lake: Lake, wanted: Wanted) -> dict[tuple[str, str], int]:
    """Return how many events there were of each call and name, at most `NAMES_MAX` of them, the most frequent."""
    import ibis

    events = _wanted(lake, wanted)
    counted = events.group_by(["call", "name"]).agg(events=events.count())
    ranked = counted.order_by([ibis.desc("events"), "call", "name"]).limit(NAMES_MAX)
    return {(row["call"], row["name"]): int(row["events"]) for row in lake.query(ranked).to_pylist()}


def seen(lake: Lake, wanted: Wanted, names: Sequence[str], *, events_a_name: int = EVENTS_A_NAME) -> Iterator[Seen]:
    """Yield the latest events of each call and name; an alias carries nothing that a plan could speak of."""
    import ibis

    events = _wanted(lake, wanted)
    chosen = events.filter(events.name.isin(list(names)), events.call != "alias")
    window = ibis.window(group_by=["call", "name"], order_by=[ibis.desc("received_us"), "event_id"])
    latest = chosen.mutate(place=ibis.row_number().over(window)).filter(lambda row: row.place < events_a_name)
    for row in lake.query(latest.select("call", "name", "properties")).to_pylist():
        yield Seen(as_call(row["call"]), row["name"], _decode(row["properties"]))


def latest(lake: Lake, wanted: Wanted, *, events_max: int = TRIED_MAX) -> tuple[list[Event], bool]:
    """Return the latest events, the latest first, and whether these are all there were."""
    import ibis

    events = _wanted(lake, wanted)
    columns = ("event_id", "source_id", "call", "name", "properties", "context", "received_us")
    chosen = events.order_by([ibis.desc("received_us"), "event_id"]).limit(events_max + 1).select(*columns)
    rows = lake.query(chosen).to_pylist()
    return [_event(row) for row in rows[:events_max]], len(rows) <= events_max


def _wanted(lake: Lake, wanted: Wanted) -> ir.Table:
    events = lake.events()
    found = events.filter(events.received_us >= wanted.since_us, events.source_id != OWN_SOURCE)
    if wanted.sources is not None:
        return found.filter(found.source_id.isin(wanted.sources))
    return found.filter(found.source_id.notin(wanted.without)) if wanted.without else found


def _event(row: dict[str, Any]) -> Event:  # Any: as above
    return Event(
        event_id=EventId(row["event_id"]),
        source_id=SourceId(row["source_id"]),
        message_id="",
        call=as_call(row["call"]),
        name=row["name"],
        user_id=None,
        anonymous_id=None,
        properties=_decode(row["properties"]),
        context=_decode(row["context"]),
        occurred_us=row["received_us"],
        received_us=row["received_us"],
        position=Position("", 0, 0),
    )
