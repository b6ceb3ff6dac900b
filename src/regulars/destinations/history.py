"""What hours are made of, asked of the lake: one expression for one box and for a cluster, as every question is."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import TYPE_CHECKING, Any  # Any: Ibis is looked at without types

from regulars.destinations.core.hours import HOUR_US, HourPlan, Slice
from regulars.kernel.clock import MICROSECONDS_PER_SECOND
from regulars.lake import Forgotten, Lake

if TYPE_CHECKING:
    import pyarrow as pa

MINUTE_US = 60 * MICROSECONDS_PER_SECOND


def minutes_of(lake: Lake, plan: HourPlan, since_us: int) -> list[tuple[int, int]]:
    """Return how many events of an hour came in each of its minutes, in order; minutes without are left out."""
    events = lake.events()
    own = events.filter(_within(events, plan, Slice(plan.start_us, plan.start_us + HOUR_US)))
    minute = ((own.received_us - plan.start_us) // MINUTE_US).cast("int64").name("minute")
    counted = own.group_by(minute).agg(events=own.count()).order_by("minute")
    found = lake.query(counted, written_since_us=since_us).to_pylist()
    return [(int(row["minute"]), int(row["events"])) for row in found]


def late_in(lake: Lake, plan: HourPlan, since_us: int) -> int:
    """Return how many events of an hour were received before it began."""
    events = lake.events()
    late = events.filter(_within(events, plan, Slice(0, plan.start_us, late=True)))
    found = lake.query(late.agg(events=late.count()), written_since_us=since_us).to_pylist()
    return int(found[0]["events"])


def rows_of(lake: Lake, plan: HourPlan, piece: Slice, since_us: int) -> pa.Table:
    """Return the events of one part of an hour, in the order they were received in."""
    events = lake.events()
    own = events.filter(_within(events, plan, piece))
    return lake.query(own.order_by(["received_us", "partition", "offset", "index"]), written_since_us=since_us)


def hours_with(lake: Lake, forgotten: Forgotten) -> set[int]:
    """Return the hours in which events of somebody were received."""
    events = lake.events()
    users, anonymous = sorted(forgotten.user_ids), sorted(forgotten.anonymous_ids)
    named = events.user_id.isin(users) | events.previous_id.isin(users)
    nameless = events.anonymous_id.isin(anonymous) | events.previous_id.isin(anonymous)
    theirs = named | (events.user_id.isnull() & nameless)
    for customer_id in sorted(forgotten.customer_ids):
        theirs = theirs | ((events.source_id == "regulars") & events.properties.contains(customer_id))
    own = events.filter(theirs)
    hour = (own.received_us - own.received_us % HOUR_US).cast("int64").name("hour")
    return {int(row["hour"]) for row in lake.query(own.select(hour).distinct()).to_pylist()}


def _within(events: Any, plan: HourPlan, piece: Slice) -> Any:  # Any: Ibis expressions
    received = (events.received_us >= piece.from_us) & (events.received_us < piece.to_us)
    placed = _placed(events, plan.ceiling, plan.floor if piece.late else None)
    return received & placed


def _placed(events: Any, ceiling: Mapping[str, int], floor: Mapping[str, int] | None) -> Any:  # Any: as above
    import ibis

    def one(partition: str, reached: int) -> Any:  # Any: as above
        below = (events.partition == partition) & (events.offset <= reached)
        return below if floor is None else below & (events.offset > floor.get(partition, 0))

    places = [one(partition, reached) for partition, reached in sorted(ceiling.items())]
    return reduce(lambda left, right: left | right, places) if places else ibis.literal(False)
