"""What can be learned from everything that was filed? One pass of counting, one closed form: an artifact.

Pure but for the time it takes: columns in, arrays out. The same cores count here and, event by event, in `live`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from regulars.kernel.ids import CustomerId
from regulars.recommend.core.ease import Ease, train_ease
from regulars.recommend.core.histories import Histories, histories
from regulars.recommend.core.ials import DEFAULT_SHAPE, IalsShape, train_ials
from regulars.recommend.core.popular import POPULAR_HALF_LIFE_US, TRENDING_HALF_LIFE_US, forward_weights
from regulars.recommend.core.rows import Doubles, Floats, Ints, Longs, Rows, ragged, starts_of, strongest
from regulars.recommend.core.sessions import SESSION_GAP_US, SESSION_ITEMS_MAX, pack_sessions
from regulars.recommend.core.transitions import count_transitions
from regulars.recommend.engine.artifact import Array, customer_key
from regulars.recommend.engine.steps import ENTRIES_KEPT

NEIGHBOURS_SMALL = 500  # keeps NDCG@10 within .0002 of the whole tables on MovieLens-1M; decisions/blend
NEIGHBOURS_LARGE = 200  # within .001; 100 k items are 160 MB a table
SMALL_ITEMS = 20_000
CROWDS_KEPT = 64  # the largest crowds keep popularity of their own; the artifact holds a row of all items for each
Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Columns:
    """Interactions in order of arrival, column by column. `crowds` are places in `crowd_names`, 0 being unknown."""

    anchors: Longs
    items: Ints
    at_us: Longs
    kinds: Ints
    strengths: Floats
    crowds: Ints
    crowd_names: Sequence[str]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is kept, and how taste is learned."""

    ease_items_max: int = 20_000
    shape: IalsShape = DEFAULT_SHAPE
    neighbours: int | None = None  # of each item; by default as many as the size of the catalogue allows


@dataclass(frozen=True, slots=True)
class Learned:
    """An artifact's arrays, and what its description says about them."""

    arrays: Mapping[str, Array]
    kind: str
    crowds: list[str]
    landmark_us: int
    latest_us: int
    sessions: int
    customers: int
    items: int


def learn(
    columns: Columns, owners: Mapping[int, CustomerId], items_total: int, plan: Plan, progress: Progress
) -> Learned:
    """Return everything that answers need, from all interactions.

    Parameters
    ----------
    owners
        Whose each anchor is; interactions of anchors that are nobody's any more are left out.
    items_total
        One more than the highest item number.
    progress
        Called with the share done, in [0, 1], and what is under way.

    """
    progress(0.0, "sorting by customer")
    neighbours = plan.neighbours or (NEIGHBOURS_SMALL if items_total <= SMALL_ITEMS else NEIGHBOURS_LARGE)
    people = _people(columns, owners)
    rows = people["anchor_rows"][columns.anchors] if len(people["anchor_rows"]) else columns.anchors
    columns, rows = _only(columns, rows >= 0), rows[rows >= 0]
    total = len(people["customer_high"])
    columns, crowds = _crowds(columns)
    told = histories(
        customers=rows,
        items=columns.items,
        at_us=columns.at_us,
        strengths=columns.strengths,
        customers_total=total,
    )
    arrays: dict[str, Array] = dict(people)
    arrays |= _entries(columns, rows, total)
    arrays |= _seen(columns, rows, total)
    progress(0.2, "counting what follows what")
    arrays |= _transitions(told, items_total, neighbours)
    progress(0.5, "packing sessions")
    arrays |= _sessions(told, items_total)
    latest_us = int(columns.at_us.max(initial=0))
    arrays |= _popularity(told, columns, rows, items_total, latest_us, len(crowds))
    progress(0.6, "learning taste")
    kind, taste = _taste(told, items_total, plan, neighbours, progress)
    arrays |= taste
    return Learned(
        arrays=arrays,
        kind=kind,
        crowds=crowds,
        landmark_us=latest_us,
        latest_us=latest_us,
        sessions=len(arrays["session_began_us"]),
        customers=total,
        items=len(np.unique(told.items)),
    )


def _people(columns: Columns, owners: Mapping[int, CustomerId]) -> dict[str, Array]:
    """Return customers in the order of their keys, and for each anchor the row of its owner, -1 for nobody."""
    present = set(np.unique(columns.anchors).tolist())
    keys = {customer: customer_key(customer) for anchor, customer in owners.items() if anchor in present}
    ordered = sorted(keys, key=lambda customer: keys[customer])
    place = {customer: row for row, customer in enumerate(ordered)}
    anchor_rows = np.full(max(owners, default=-1) + 1, -1, np.int32)
    for anchor, customer in owners.items():
        anchor_rows[anchor] = place.get(customer, -1)
    highest = int(columns.anchors.max(initial=-1))
    if highest >= len(anchor_rows):
        anchor_rows = np.concatenate((anchor_rows, np.full(highest + 1 - len(anchor_rows), -1, np.int32)))
    return {
        "customer_high": np.array([keys[customer][0] for customer in ordered], np.uint64),
        "customer_low": np.array([keys[customer][1] for customer in ordered], np.uint64),
        "anchor_rows": anchor_rows,
    }


def _only(columns: Columns, kept: Array) -> Columns:
    return Columns(
        columns.anchors[kept],
        columns.items[kept],
        columns.at_us[kept],
        columns.kinds[kept],
        columns.strengths[kept],
        columns.crowds[kept],
        columns.crowd_names,
    )


def _crowds(columns: Columns) -> tuple[Columns, list[str]]:
    """Return the columns with only the largest crowds, numbered anew from 1; 0 stays unknown."""
    sizes = np.bincount(columns.crowds, minlength=len(columns.crowd_names))
    sizes[0] = 0
    largest = [place for place in np.argsort(-sizes, kind="stable")[:CROWDS_KEPT].tolist() if sizes[place]]
    anew = np.zeros(len(columns.crowd_names), np.int32)
    anew[largest] = np.arange(1, len(largest) + 1)
    crowds = anew[columns.crowds]
    names = ["/", *(columns.crowd_names[place] for place in largest)]
    return (
        Columns(
            columns.anchors, columns.items, columns.at_us, columns.kinds, columns.strengths, crowds, columns.crowd_names
        ),
        names,
    )


def _entries(columns: Columns, rows: Longs, total: int) -> dict[str, Array]:
    """Return each customer's last raw interactions, and the crowd last seen in."""
    order = np.lexsort((np.arange(len(rows)), columns.at_us, rows))
    lengths = np.bincount(rows, minlength=total)
    starts = starts_of(lengths)
    kept, _ = ragged(np.maximum(starts[:-1], starts[1:] - ENTRIES_KEPT), starts[1:])
    order = order[kept]
    crowds = np.zeros(total, np.int32)
    known = np.flatnonzero(columns.crowds)
    crowds[rows[known]] = columns.crowds[known]  # in order of arrival: the last one stays
    return {
        "entry_starts": starts_of(np.minimum(lengths, ENTRIES_KEPT)),
        "entry_items": columns.items[order].astype(np.int32),
        "entry_us": columns.at_us[order].astype(np.int64),
        "entry_strengths": columns.strengths[order].astype(np.float32),
        "entry_crowds": columns.crowds[order].astype(np.int16),
        "customer_crowds": crowds,
    }


def _seen(columns: Columns, rows: Longs, total: int) -> dict[str, Array]:
    """Return for each customer every item ever touched, and in which ways, one bit each."""
    span = int(columns.items.max(initial=0)) + 1
    keys = rows.astype(np.int64) * span + columns.items
    distinct, places = np.unique(keys, return_inverse=True)
    kinds = np.zeros(len(distinct), np.int32)
    np.bitwise_or.at(kinds, places, np.left_shift(1, columns.kinds))
    return {
        "seen_starts": starts_of(np.bincount(distinct // span, minlength=total)),
        "seen_items": (distinct % span).astype(np.int32),
        "seen_kinds": kinds,
    }


def _transitions(told: Histories, items_total: int, neighbours: int) -> dict[str, Array]:
    counted = count_transitions(told, items_total)
    follow = counted.pruned(neighbours).counts
    precede = strongest(_transposed(counted.counts, items_total), neighbours)
    return {
        "follow_starts": follow.starts,
        "follow_columns": follow.columns,
        "follow_counts": follow.values,
        "precede_starts": precede.starts,
        "precede_columns": precede.columns,
        "precede_counts": precede.values,
        "out": counted.out,
        "into": counted.into,
    }


def _transposed(rows: Rows, items_total: int) -> Rows:
    owners = np.repeat(np.arange(rows.count), np.diff(rows.starts))
    order = np.argsort(rows.columns, kind="stable")
    starts = starts_of(np.bincount(rows.columns, minlength=items_total))
    return Rows(starts, owners[order].astype(np.int32), rows.values[order])


def _sessions(told: Histories, items_total: int) -> dict[str, Array]:
    """Return sessions in order of their beginning, and each customer's own."""
    owners = told.owners()
    fresh = np.ones(len(owners), np.bool_)
    fresh[1:] = (owners[1:] != owners[:-1]) | (told.first_us[1:] - told.last_us[:-1] > SESSION_GAP_US)
    by_customer = np.cumsum(fresh) - 1
    began_us = told.first_us[fresh]
    order = np.lexsort((np.arange(len(began_us)), began_us))
    number = np.empty(len(order), np.int64)
    number[order] = np.arange(len(order))
    sessions = number[by_customer]
    steps = np.argsort(sessions, kind="stable")
    packed = pack_sessions(
        sessions=sessions[steps], items=told.items[steps], items_total=items_total, items_max=SESSION_ITEMS_MAX
    )
    return {
        "session_starts": packed.by_session.starts,
        "session_items": packed.by_session.columns,
        "item_session_starts": packed.by_item.starts,
        "item_sessions": packed.by_item.columns,
        "session_frequency": np.bincount(packed.by_session.columns, minlength=items_total).astype(np.float64),
        "session_began_us": began_us[order],
        "customer_session_starts": starts_of(np.bincount(owners[fresh], minlength=told.customers)),
        "customer_sessions": number.astype(np.int32),
    }


def _popularity(
    told: Histories, columns: Columns, rows: Longs, items_total: int, landmark_us: int, crowds: int
) -> dict[str, Array]:
    weights = forward_weights(told.first_us, landmark_us=landmark_us, half_life_us=POPULAR_HALF_LIFE_US)
    rises = forward_weights(told.first_us, landmark_us=landmark_us, half_life_us=TRENDING_HALF_LIFE_US)
    crowd = _step_crowds(columns, rows)
    by_crowd = np.bincount(crowd * items_total + told.items, weights=weights, minlength=crowds * items_total)
    return {
        "counts": _summed(told.items, None, items_total),
        "popular": _summed(told.items, weights, items_total),
        "trending": _summed(told.items, rises, items_total),
        "crowd_popular": by_crowd.reshape(crowds, items_total).astype(np.float32),
    }


def _step_crowds(columns: Columns, rows: Longs) -> Longs:
    """Return the crowd of the interaction that each step began with."""
    order = np.lexsort((np.arange(len(rows)), columns.at_us, rows))
    customers, items = rows[order], columns.items[order]
    first = np.ones(len(order), np.bool_)
    first[1:] = (customers[1:] != customers[:-1]) | (items[1:] != items[:-1])
    last = np.concatenate((np.flatnonzero(first)[1:], [len(order)])) - 1
    counted = columns.strengths[order][last] >= 0 if len(order) else np.zeros(0, np.bool_)
    crowds: Longs = columns.crowds[order][first][counted].astype(np.int64)
    return crowds


def _summed(items: Ints, weights: Doubles | None, items_total: int) -> Doubles:
    return np.bincount(items, weights=weights, minlength=items_total).astype(np.float64)


def _taste(
    told: Histories, items_total: int, plan: Plan, neighbours: int, progress: Progress
) -> tuple[str, dict[str, Array]]:
    known = len(np.unique(told.items))
    if not known:
        return "counts", {}
    if known <= plan.ease_items_max:
        model: Ease = train_ease(told, items_total)
        rows = model.pruned(neighbours)
        return "ease", {"taste_starts": rows.starts, "taste_columns": rows.columns, "taste_values": rows.values}
    learned = train_ials(
        told,
        items_total,
        shape=plan.shape,
        progress=lambda done, of: progress(0.6 + 0.4 * done / of, "learning taste"),
    )
    return "ials", {
        "taste_vectors": learned.vectors,
        "taste_gram": learned.gram,
    }
