"""Questions to history, each an Ibis expression: the same on DuckDB and on Spark.

Two events of one microsecond are told apart by their place in the log, so every engine gives the same answer. Days
are UTC. A visitor is the user id an event carries, else its anonymous id; pass `by` to group otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any  # Any: Ibis is looked at without types

if TYPE_CHECKING:
    import ibis.expr.types as ir

from regulars.lake.parquet import ORDER

MINUTE_US = 60_000_000
DAY_US = 86_400_000_000


def with_visitor(events: ir.Table) -> ir.Table:
    """Return the events that have an identifier, with `visitor`: the user id, else the anonymous id."""
    return events.mutate(visitor=events.user_id.coalesce(events.anonymous_id)).filter(lambda row: row.visitor.notnull())


def events_per_day(events: ir.Table) -> ir.Table:
    """Return `day`, `name`, `events`: how often each thing happened on each day, by day, then name."""
    days = events.mutate(day=events.occurred_at.truncate("D"))
    return days.group_by(["day", "name"]).agg(events=days.count()).order_by(["day", "name"])


def sessions(events: ir.Table, *, gap_minutes: float = 30, by: str = "visitor") -> ir.Table:
    """Return one row per visit: `visitor`, `session` (from 1), `started_us`, `ended_us`, `events`.

    A visit ends when nothing happens for longer than the gap. Ordered by visitor, then session.
    """
    import ibis

    table = with_visitor(events) if by == "visitor" else events
    in_order = ibis.window(group_by=by, order_by=ORDER)
    before = table.occurred_us.lag().over(in_order)
    starts = (before.isnull() | (table.occurred_us - before > round(gap_minutes * MINUTE_US))).cast("int64")
    marked = table.mutate(starts=starts)
    running = ibis.window(group_by=by, order_by=ORDER, preceding=None, following=0)
    numbered = marked.mutate(session=marked.starts.sum().over(running))
    return (
        numbered.group_by([by, "session"])
        .agg(
            started_us=numbered.occurred_us.min(),
            ended_us=numbered.occurred_us.max(),
            events=numbered.count(),
        )
        .order_by([by, "session"])
    )


def funnel(events: ir.Table, steps: Sequence[str], *, within_days: float = 7, by: str = "visitor") -> ir.Table:
    """Return `step` (from 1), `name`, `visitors`: how many got that far, in this order, within the time.

    The time runs from the first step; any start counts, so somebody who came twice is measured at the better one. It
    is enough to look at the latest start so far: whoever could go on from an earlier one can go on from it as well.

    Raises
    ------
    ValueError
        When there is no step.

    """
    import ibis

    if not steps:
        raise ValueError("A funnel needs at least one step.")
    table = with_visitor(events) if by == "visitor" else events
    table = table.filter(table.name.isin(list(dict.fromkeys(steps))))
    before = ibis.window(group_by=by, order_by=ORDER, preceding=(None, 1), following=None)
    start: Any = ibis.ifelse(table.name == steps[0], table.occurred_us, ibis.null("int64"))
    table = table.mutate(start_1=start)
    for number, step in enumerate(steps[1:], 2):
        latest = table[f"start_{number - 1}"].max().over(before)
        arrives = (table.name == step) & (table.occurred_us - latest <= round(within_days * DAY_US))
        table = table.mutate(**{f"start_{number}": ibis.ifelse(arrives, latest, ibis.null("int64"))})
    reached = table.group_by(by).agg(
        **{f"reached_{number}": table[f"start_{number}"].notnull().any() for number in range(1, len(steps) + 1)}
    )
    counted = [
        reached.agg(visitors=reached[f"reached_{number}"].sum().coalesce(0)).select(
            step=ibis.literal(number, "int64"), name=ibis.literal(step), visitors="visitors"
        )
        for number, step in enumerate(steps, 1)
    ]
    return ibis.union(*counted).order_by("step") if len(counted) > 1 else counted[0]


def in_log_order(events: ir.Table, spans: Mapping[str, tuple[int, int]]) -> ir.Table:
    """Return the events of some spans of the log, in the order in which the log would give them.

    `spans` holds, by partition, the offset after which and the one through which. Between partitions the moment of
    arrival decides; within one, the offset alone, whatever the moments say.
    """
    import ibis

    wanted = [
        (events.partition == partition) & (events.offset > after) & (events.offset <= through)
        for partition, (after, through) in sorted(spans.items())
    ]
    table = events.filter(ibis.or_(*wanted)) if wanted else events.limit(0)
    so_far = ibis.window(group_by="partition", order_by=["offset", "index"], preceding=None, following=0)
    turned = table.mutate(turn_us=table.received_us.max().over(so_far))
    return turned.order_by(["turn_us", "partition", "offset", "index"]).drop("turn_us")
